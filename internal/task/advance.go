package task

import "time"

// An idle advance is time that went on without records: an external topic may declare that it does so, up to a
// bound, while nobody writes. It is part of the watermark, in stamps and in the stored clock, and how much of the
// watermark it is goes along: who comes behind it is counted before he is found too late.

// Advance lets the event time of an external topic go on by so much, at most up to what the topic declares beyond
// what its records say, and reports whether it did. Nothing happens unless all that the task reads is idle. The
// caller makes sure that all partitions are, and that they are read to their ends. Call Fire afterwards.
func (t *Task) Advance(topic string, by time.Duration) bool {
	in := t.Group.Input(topic)
	if in == nil || in.Topic.Kind != External || !t.clock.advance(topic, by.Milliseconds(), in.Topic.Advance.Milliseconds()) {
		return false
	}
	t.advanced = true
	return true
}

func (c *clock) advance(topic string, by, most int64) bool {
	s := &c.source(topic, 0).senders[0]
	by = min(by, most-s.advance)
	if !c.idle || s.watermark == NoTime || s.watermark == EndOfTime || by <= 0 {
		return false
	}
	c.update(s, s.watermark+by, s.advance+by, true)
	return true
}

// advanceIn is how much of a watermark, which is not above the clock's, is an idle advance, in ms.
func (c *clock) advanceIn(watermark int64) int64 {
	if watermark == NoTime || watermark == EndOfTime || c.plain == NoTime {
		return 0
	}
	return max(0, watermark-c.plain)
}

// advanced tells whether an idle advance has left a trace.
func (c *clock) advanced() bool {
	if c.plain != c.now {
		return true
	}
	for _, src := range c.sources {
		for i := range src.senders {
			if src.senders[i].advance != 0 {
				return true
			}
		}
	}
	return false
}

// countBehind counts an event that would not be late but for an idle advance.
func (t *Task) countBehind(in *Input) {
	if at := t.ctx.Event; in.Events && at != NoTime && at <= t.clock.now && at > t.clock.plain {
		t.env.Counters.Behind.Add(1)
	}
}
