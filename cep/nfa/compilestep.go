package nfa

// single makes the state of a step that takes one event and leads to a state; one that is optional leads to
// after without an event as well.
func (c *compiler[E]) single(to, after int, takes, ignores Condition[E], optional bool) int {
	if len(c.step().Group) > 0 {
		return c.groupOnce(to, after, optional)
	}
	s := c.waiting(normal)
	to = c.withoutNots(to) // an event of this step ends what had to be absent before it
	c.edge(s, take, to, takes)
	if optional {
		c.leave(s, after)
	}
	if ignores == nil {
		return s
	}
	waits := s
	if optional || c.headOfOptionalGroup() { // the way past the step was open once, when it was reached
		waits = c.plain(normal)
		c.edge(waits, take, to, takes)
		c.edge(waits, ignore, waits, ignores)
		c.addStops(waits)
	}
	c.edge(s, ignore, waits, ignores)
	return s
}

// leave adds the way past the current step without an event.
func (c *compiler[E]) leave(s, after int) {
	step, always := c.step(), c.always()
	if !step.Greedy || step.Until == nil {
		c.edge(s, proceed, after, always)
		return
	}
	freed, ok := c.before[after]
	if !ok {
		freed = after
	}
	c.edge(s, proceed, freed, both(always, step.Until))
	c.edge(s, proceed, after, both(always, negation(step.Until)))
}

// loop makes the state of a step that takes any number of events before it leads to a state.
func (c *compiler[E]) loop(to int) int {
	step := c.step()
	if len(step.Group) > 0 {
		return c.groupLoop(to)
	}
	ignores := c.untilIn(c.inside(), false)
	takes := c.untilIn(c.takes(step, c.group), true)
	s := c.waiting(normal)
	if step.Greedy && step.Until != nil {
		c.before[to] = c.duplicate(to)
	}
	c.leave(s, to)
	if step.Greedy {
		c.yield(to, c.takes(step, c.group))
	}
	c.edge(s, take, s, takes)
	c.stopLoop(s)
	if ignores != nil {
		waits := c.plain(normal)
		c.edge(waits, take, s, takes)
		c.edge(waits, ignore, waits, ignores)
		c.edge(s, ignore, waits, ignores)
		c.stopLoop(waits)
	}
	return s
}

// within makes the states of the current step's group.
func (c *compiler[E]) within(to int) int {
	outer := *c
	c.group = c.step()
	c.steps, c.i = c.group.Group, len(c.group.Group)-1
	s := c.sequence(to)
	c.steps, c.i, c.next, c.group = outer.steps, outer.i, outer.next, outer.group
	return s
}

func (c *compiler[E]) groupOnce(to, after int, optional bool) int {
	always := c.always()
	s := c.within(to)
	if optional {
		c.edge(s, proceed, after, always)
	}
	return s
}

func (c *compiler[E]) groupLoop(to int) int {
	always := c.always()
	again := c.waiting(normal)
	s := c.within(again)
	c.edge(s, proceed, to, always)
	c.edge(again, proceed, s, always)
	return s
}

// head tells whether the current step is the first of a group: then the group's contiguity is its own.
func (c *compiler[E]) head() bool { return c.group != nil && c.i == 0 }

func (c *compiler[E]) headOfOptionalGroup() bool {
	return c.head() && !c.repeated[c.group] && c.group.optional()
}
