package lookup

// Clocked is a Table that knows how far event time has come in its partitions. A Table need not be.
type Clocked interface {
	// Clock returns the clock that was committed last with a partition of the table, or false if none was.
	Clock(partition int32) (Clock, bool, error)
}

// Clock is how far event time has come, and by whom that is known. Times are in ms; nil: none is known.
type Clock struct {
	Watermark *int64
	Senders   []Sender // the one that holds time back first, if one does
}

// Sender is a partition of a group upstream, or of a topic of the outside world.
type Sender struct {
	Topic     string `json:"topic"`
	Group     string `json:"group"`     // "": the topic comes from outside
	Partition int32  `json:"partition"` // -1: nothing was heard of the group
	Watermark *int64 `json:"watermark"`
	Idle      bool   `json:"idle"`
	Holds     bool   `json:"holds"` // time waits for it
}
