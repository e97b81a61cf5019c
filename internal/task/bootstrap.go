package task

// A bootstrapped topic holds a table that a task must know in whole before it takes in its first event. Whole is
// what lay in the external topic when the task that reads it began. From the offset on at which that has been
// passed on, the task's stamps say complete; one that reads a bootstrapped topic takes in nothing else until
// all senders of it have said so. What was said is part of the clock, and stays: nothing is gated twice.

// Global is what lies under a key in one of the group's Globals now; nil: nothing. It must not be changed.
func (c *Context) Global(topic, key string) []byte { return c.Task.env.Global(topic, key) }

// Takes tells whether records of an input may be taken in now. Once it is true it stays so.
func (t *Task) Takes(topic string) bool {
	if t.clock.whole {
		return true
	}
	in := t.Group.Input(topic)
	return in != nil && in.Topic.Bootstrap
}

// Complete tells whether all bootstrapped inputs were read to their ends; true without any.
func (t *Task) Complete() bool { return t.clock.whole }

// Bootstrap says where the partition of an external topic that is bootstrapped ends, and where the task
// stands in it. A later end is left aside, a nearer one counts: compaction may have removed the record that
// was last. Call it before the first record of any input.
func (t *Task) Bootstrap(topic string, next, end int64) {
	src := t.clock.source(topic, 0)
	if src == nil || !src.bootstrap || src.senders[0].complete {
		return
	}
	src.until = min(src.until, end)
	t.clock.reach(src, next)
}

// reach takes note that everything before next was processed.
func (t *Task) reach(x *Topic, next int64) {
	if x.Bootstrap && x.Kind == External {
		t.clock.reach(t.clock.source(x.Name, 0), next)
	}
}

func (c *clock) reach(src *source, next int64) {
	if next >= src.until {
		c.complete(&src.senders[0])
	}
}

func (c *clock) complete(s *sender) {
	if s.complete {
		return
	}
	s.complete, c.dirty = true, true
	c.whole = c.allComplete()
}

func (c *clock) allComplete() bool {
	for _, src := range c.sources {
		if !src.bootstrap {
			continue
		}
		if len(src.senders) == 0 {
			return false
		}
		for i := range src.senders {
			if !src.senders[i].complete {
				return false
			}
		}
	}
	return true
}

// complete is what the task says of itself. A task without bootstrapped inputs has nothing to say.
func (t *Task) complete() bool { return t.clock.whole && t.clock.tells }
