package nfa

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrMalformed is returned (wrapped, for each mistake) by Compile for a pattern that makes no sense.
var ErrMalformed = errors.New("malformed pattern")

// checker collects the mistakes of a pattern.
type checker[E any] struct {
	names    map[string]bool
	mistakes []error
}

func (c *checker[E]) mistake(format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...)))
}

func check[E any](p Pattern[E]) error {
	c := &checker[E]{names: map[string]bool{}}
	c.sequence(p.Steps, "the pattern")
	c.end(p.Steps)
	c.windows(p.Steps, window(p.Steps, true))
	c.skip(p)
	if p.Limit.Runs < 0 {
		c.mistake("a limit of %d runs", p.Limit.Runs)
	}
	return errors.Join(c.mistakes...)
}

func (c *checker[E]) sequence(steps []Step[E], what string) {
	if len(steps) == 0 {
		c.mistake("%s has no steps", what)
	}
	for i := range steps {
		s := &steps[i]
		c.name(s)
		switch {
		case i == 0 && s.Contiguity != Begin:
			c.mistake("%s is the first of its sequence: it must be %s, not %s", s.text(), Begin, s.Contiguity)
		case i > 0 && s.Contiguity == Begin:
			c.mistake("%s is not the first of its sequence: it can't be %s", s.text(), Begin)
		case i > 0 && s.Contiguity.negated() && steps[i-1].optional():
			c.mistake("%s can't come after %s, which is optional: write two patterns, one with that step and one without", s.text(), steps[i-1].text())
		case i > 0 && s.Optional && steps[i-1].Greedy:
			c.mistake("%s is optional: it can't come after %s, which is greedy", s.text(), steps[i-1].text())
		}
		c.step(s)
		if n := len(s.Group); n > 0 {
			c.sequence(s.Group, s.text())
			if s.Group[n-1].Contiguity == NotFollowedBy {
				c.mistake("%s ends its group and is negated: what must it not come before?", s.Group[n-1].text())
			}
		}
	}
}

func (s *Step[E]) text() string {
	if len(s.Group) > 0 {
		return fmt.Sprintf("the group that begins with %s", s.Group[0].text())
	}
	return fmt.Sprintf("step %q", s.Name)
}

func (c *checker[E]) name(s *Step[E]) {
	switch {
	case len(s.Group) > 0:
		if s.Name != "" || s.Where != nil {
			c.mistake("%s has a name or a condition of its own: its steps have", s.text())
		}
		return
	case s.Name == "" || strings.ContainsAny(s.Name, ":$"):
		c.mistake("%s needs a name without ':' and '$'", s.text())
	case c.names[s.Name]:
		c.mistake("two steps have the name %q", s.Name)
	}
	c.names[s.Name] = true
	if s.Where == nil {
		c.mistake("%s has no condition: one that takes every event must say so", s.text())
	}
}

// step checks what does not go together in one step.
func (c *checker[E]) step(s *Step[E]) {
	many, not := !s.Times.once(), s.Contiguity.negated()
	for _, rule := range []struct {
		broken bool
		says   string
	}{
		{not && len(s.Group) > 0, "is a group: a group can't be negated"},
		{not && (many || s.Optional || s.Greedy || s.Inside != Relaxed), "is negated: it can't be repeated, optional or greedy"},
		{many && (s.Times.Min < 0 || s.Times.Max < 1 && s.Times.Max != Unbounded), "must be taken a number of times that is above 0"},
		{many && s.Times.Max >= 1 && s.Times.Max < s.Times.Min, "is taken more often at least than at most"},
		{many && s.Times.loop() && s.Times.Min < 1, "is a loop: it is taken once at least, or it is optional"},
		{many && s.Times.Min == 0 && s.Optional, "may be taken 0 times, and is optional: say it once"},
		{!many && s.Inside != Relaxed, "is taken once: nothing lies inside it"},
		{s.Greedy && len(s.Group) > 0, "is a group: a group can't be greedy"},
		{s.Greedy && !many, "is taken once: it can't be greedy"},
		{s.Times.loop() && len(s.Group) > 0 && passable(s.Group), "is a loop: one of its steps must take an event"},
		{s.Until != nil && !s.Times.loop(), "has an until: that is for loops only"},
		{s.Within < 0 || s.WithinPrevious < 0 || s.Times.Gap < 0, "has a window below 0"},
	} {
		if rule.broken {
			c.mistake("%s %s", s.text(), rule.says)
		}
	}
}

// passable tells whether a sequence can be gone through without an event.
func passable[E any](steps []Step[E]) bool {
	for i := range steps {
		s := &steps[i]
		if !s.optional() && !s.Contiguity.negated() && (len(s.Group) == 0 || !passable(s.Group)) {
			return false
		}
	}
	return true
}

// end checks the last step: one that is negated matches when the window closes.
func (c *checker[E]) end(steps []Step[E]) {
	if len(steps) == 0 {
		return
	}
	s := &steps[len(steps)-1]
	if s.Contiguity == NotFollowedBy && s.WithinPrevious == 0 && window(steps, true) == 0 {
		c.mistake("%s is last and negated: it needs a window, at whose end there is a match", s.text())
	}
}

func (c *checker[E]) windows(steps []Step[E], whole time.Duration) {
	for i := range steps {
		s := &steps[i]
		since := s.Times.Gap
		if waits := s.Contiguity != NotFollowedBy || i == len(steps)-1; waits && s.Times.once() && len(s.Group) == 0 {
			since = s.WithinPrevious
		}
		if whole > 0 && since > whole {
			c.mistake("%s has a window of %s since the event before it: that is longer than the one of the whole pattern, %s", s.text(), since, whole)
		}
		c.windows(s.Group, whole)
	}
}

func (c *checker[E]) skip(p Pattern[E]) {
	to := p.Skip.Strategy == SkipToFirst || p.Skip.Strategy == SkipToLast
	known := slices.ContainsFunc(p.Steps, func(s Step[E]) bool { return s.Name == p.Skip.Step && len(s.Group) == 0 })
	switch {
	case to && !known:
		c.mistake("%s names step %q: the pattern has no such step outside its groups", p.Skip.Strategy, p.Skip.Step)
	case !to && (p.Skip.Step != "" || p.Skip.MissFails):
		c.mistake("%s skips to no step", p.Skip.Strategy)
	}
}

// window is the smallest of the steps' windows; 0: there is none. As in Flink, that of the last step of a group
// does not count.
func window[E any](steps []Step[E], whole bool) (w time.Duration) {
	for i := range steps {
		of := []time.Duration{window(steps[i].Group, false)}
		if whole || i < len(steps)-1 {
			of = append(of, steps[i].Within)
		}
		for _, d := range of {
			if d > 0 && (w == 0 || d < w) {
				w = d
			}
		}
	}
	return w
}

// stepNames lists the steps in their order.
func stepNames[E any](steps []Step[E]) (names []string) {
	for i := range steps {
		if len(steps[i].Group) > 0 {
			names = append(names, stepNames(steps[i].Group)...)
			continue
		}
		names = append(names, steps[i].Name)
	}
	return names
}
