package nfa

// Conditions of edges. nil is true.

func both[E any](a, b Condition[E]) Condition[E] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(e E, m Match[E]) bool { return a(e, m) && b(e, m) }
}

func negation[E any](a Condition[E]) Condition[E] {
	return func(e E, m Match[E]) bool { return a != nil && !a(e, m) }
}

// takes is when a step of a group takes an event.
func (c *compiler[E]) takes(s *Step[E], group *Step[E]) Condition[E] {
	if group == nil || group.Until == nil {
		return s.Where
	}
	return both(negation(group.Until), s.Where)
}

// always is when a way without an event is open.
func (c *compiler[E]) always() Condition[E] {
	if c.group == nil || c.group.Until == nil {
		return nil
	}
	return negation(c.group.Until)
}

// outside is what may lie before the current step; nil: nothing.
func (c *compiler[E]) outside() Condition[E] {
	step := c.step()
	contiguity, inner := step.Contiguity, Inside(0)
	if c.head() {
		contiguity, inner = c.group.Contiguity, c.group.Inside
		if c.repeated[c.group] {
			return c.ignores(inner != Consecutive, inner == AllowCombinations)
		}
	}
	return c.ignores(contiguity == FollowedBy || contiguity == FollowedByAny, contiguity == FollowedByAny)
}

// inside is what may lie between the events of the current step; nil: nothing.
func (c *compiler[E]) inside() Condition[E] {
	inner := c.step().Inside
	if c.head() {
		inner = c.group.Inside
	}
	return c.ignores(inner != Consecutive, inner == AllowCombinations)
}

// ignores is nothing, what the current step does not take, or anything.
func (c *compiler[E]) ignores(some, any bool) Condition[E] {
	var when Condition[E]
	switch {
	case any:
		when = func(E, Match[E]) bool { return true }
	case some:
		when = negation(c.step().Where)
	default:
		return nil
	}
	if c.group != nil && c.group.Until != nil {
		when = both(negation(c.group.Until), when)
	}
	return when
}

// untilIn adds the until of the current step to a condition. Where nothing may be ignored nothing is added.
func (c *compiler[E]) untilIn(when Condition[E], takes bool) Condition[E] {
	until := c.step().Until
	if until == nil || when == nil && !takes {
		return when
	}
	return both(negation(until), when)
}
