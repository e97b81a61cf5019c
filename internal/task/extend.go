package task

// DeadLetter writes a record of the context's key to the dead letters, in the same cut as what else the handler
// does. If the handler fails afterwards, it is taken back with the rest.
func (c *Context) DeadLetter(value []byte, reason error) {
	t := c.Task
	t.deadLetter(&Record{Topic: c.rec.Topic, Partition: c.rec.Partition, Offset: c.rec.Offset, Key: []byte(c.Key), Value: value}, reason)
}

// Found counts n results of a version of a rule.
func (t *Task) Found(by FoundBy, n int) { t.env.Counters.Found.Add(by, n) }

// Dropped counts pieces of state that a declared limit ended.
func (t *Task) Dropped(n int) { t.env.Counters.Dropped.Add(int64(n)) }
