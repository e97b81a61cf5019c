package nfa

// nots are the steps that must be absent before the current one takes an event: those before it, over steps
// that may be left out.
func (c *compiler[E]) nots() (nots []*Step[E]) {
	for i := c.i - 1; i >= 0; i-- {
		step := &c.steps[i]
		if step.Contiguity == NotFollowedBy {
			nots = append(nots, step)
		} else if !step.optional() {
			break
		}
	}
	return nots
}

func (c *compiler[E]) addStops(s int) {
	for _, step := range c.nots() {
		not := c.takes(step, c.group)
		c.edge(s, proceed, c.stop(not, step), not)
	}
}

// stopLoop ends a loop when the negated step after it takes an event.
func (c *compiler[E]) stopLoop(s int) {
	if c.next != nil && c.next.Contiguity == NotFollowedBy {
		not := c.takes(c.next, c.group)
		c.edge(s, proceed, c.stop(not, c.next), not)
	}
}

// withoutNots makes another state for those who come through the current step, if that may be left out: what
// had to be absent before it may come after it. In a, not b, optional c, d the events a c b d match, a b d don't.
func (c *compiler[E]) withoutNots(to int) int {
	nots := c.nots()
	if len(nots) == 0 || !c.step().optional() {
		return to
	}
	original := c.a.states[to]
	other := c.state(original.name, original.kind, original.step)
	for _, e := range original.edges {
		switch {
		case e.action != proceed && e.to == to:
			e.to = other
		case e.action == proceed && c.a.states[e.to].kind != stop:
			e.to = c.withoutNots(e.to)
		case e.action == proceed && named(nots, c.a.states[e.to].name):
			continue
		}
		c.edge(other, e.action, e.to, e.when)
	}
	return other
}

func named[E any](steps []*Step[E], name string) bool {
	for _, s := range steps {
		if s.Name == name {
			return true
		}
	}
	return false
}
