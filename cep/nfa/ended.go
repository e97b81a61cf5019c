package nfa

// Why is why a partial match has ended.
type Why uint8

// The reasons. They are stored: new ones get new numbers.
const (
	ByMatch    Why = iota + 1 // it is a match, and was handed out
	ByTimeout                 // its window has closed
	ByMiss                    // the event had to be one of Steps, and none took it
	ByNegation                // a negated step took the event
	BySkip                    // a match ended it: the pattern's skip strategy
	ByLimit                   // there were more than the pattern's limit
	ByChange                  // its pattern was discarded for another one; said by those who keep runs
)

func (w Why) String() string {
	names := [...]string{"unknown", "matched", "timed_out", "not_taken", "forbidden", "skipped", "limit", "discarded"}
	if int(w) >= len(names) {
		w = 0
	}
	return names[w]
}

// Ended says of the partial matches that one event, or one move of time, has ended for the same reason: how many
// they are, and what the last of them was.
type Ended struct {
	Why  Why
	Runs int // 0: they were not counted
	// Steps are those that it waited for; ByNegation: the negated step. Nobody may change it. nil for ByMatch.
	Steps []string
	Began int64 // time of its first event, ms
	At    int64 // when it ended, ms: the event's time, or when the window closed
}

// end notes that a run has ended.
func (o *Outcome[E]) end(w Why, r run[E], steps []string, at int64) {
	e := Ended{w, 1, steps, r.began, at}
	for i := range o.Ended {
		if o.Ended[i].Why == w {
			e.Runs += o.Ended[i].Runs
			if o.Ended[i].At > at {
				o.Ended[i].Runs = e.Runs
				return
			}
			o.Ended[i] = e
			return
		}
	}
	o.Ended = append(o.Ended, e)
}

// name is the steps of a state's own, as Ended has them.
func (a *Automaton[E]) name(s int) []string {
	if step := a.states[s].step; step >= 0 {
		return a.names[step : step+1 : step+1]
	}
	return nil
}
