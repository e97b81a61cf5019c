package task

// IsClock tells the key under which a changelog keeps the clock of its partition.
func IsClock(key string) bool { return key == clockKey }

// ParseClock reads a clock out of a changelog: the watermark, and the senders, the one that holds time back first if
// held; not held: all of them are idle. Partition -1 stands for a group that nothing was heard of.
func ParseClock(b []byte) (watermark int64, held bool, senders []Sender, err error) {
	c, err := readClock(b)
	if err != nil {
		return NoTime, false, nil, err
	}
	watermark = c.now
	c.compute()
	for _, src := range c.sources {
		if len(src.senders) == 0 { // how many there are is not known either
			senders, held = append([]Sender{{src.topic, src.group, -1, NoTime, false}}, senders...), true
		}
		for i := range src.senders {
			s := &src.senders[i]
			x := Sender{src.topic, src.group, int32(i), s.watermark, s.idle}
			if s == c.limit {
				senders, held = append([]Sender{x}, senders...), true
			} else {
				senders = append(senders, x)
			}
		}
	}
	return watermark, held, senders, nil
}
