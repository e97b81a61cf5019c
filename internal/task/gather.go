package task

// Gatherer holds values that handlers contribute to while a cut is filled, and that are emitted, together,
// when it is closed. Contributions of a record that fails are taken back.
type Gatherer interface {
	Keep()                  // what was contributed since the last call stays
	Rollback()              // ... or is taken back
	Flush(c *Context) error // emits all and is empty again; an error means that the task must be dropped
}

// Gathered is the task's own instance of the group's Gather[i], to be contributed to.
func (c *Context) Gathered(i int) Gatherer {
	t := c.Task
	if !t.since.known {
		t.since = t.saying()
	}
	return t.gatherers[i]
}

// CheckOut tells whether a record of n bytes, key included, could be emitted to topic.
func (c *Context) CheckOut(topic *Topic, n int) error { return c.Task.checkSize(topic.Name, n) }

// EmitAt is Emit under other times.
func (c *Context) EmitAt(topic *Topic, key string, value []byte, event, ingest int64) error {
	c.Event, c.Ingest = event, ingest
	return c.Emit(topic, key, value)
}

// flushGathered emits what was gathered for the cut. All of it says the time as of before the first
// contribution: time that has gone on since then must not make it late.
func (t *Task) flushGathered() error {
	if !t.since.known {
		return nil
	}
	t.flushing = true
	defer func() { t.flushing, t.since = false, said{} }()
	t.ctx = Context{Task: t, Event: NoTime, Ingest: NoTime}
	for _, g := range t.gatherers {
		if err := g.Flush(&t.ctx); err != nil {
			return err
		}
	}
	return nil
}
