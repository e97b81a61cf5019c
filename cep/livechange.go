package cep

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tributary-go/tributary/stream"
)

// change takes in a document, or nil: the rule is removed.
func (x *detector[K, E, R]) change(c *stream.TaskContext, name RuleName, document *[]byte) error {
	old, ok, err := x.versions.Get(c)
	if err != nil {
		return err
	}
	if !ok {
		old = &liveRules[E, R]{}
	}
	now := always
	if wm := c.Watermark(); !wm.IsZero() {
		now = wm.UnixMilli() + 1 // what is not later was processed
	}
	next := old.without(now)
	var changed bool
	if document == nil {
		changed = next.end(string(name), now, x.isProgram(string(name)))
	} else if changed, err = x.put(next, string(name), *document, now); err != nil {
		if c.Partition() == 0 { // all tasks refuse it, one says so
			c.DeadLetter(*document, fmt.Errorf("rule %q: %w", name, err))
		}
		return nil
	}
	if !changed {
		return nil
	}
	if err := x.forget(c, next); err != nil {
		return err
	}
	return x.versions.Set(c, next)
}

// without is a copy without versions of which nothing is left.
func (l *liveRules[E, R]) without(now int64) *liveRules[E, R] {
	next := &liveRules[E, R]{serial: l.serial, ended: maps.Clone(l.ended)}
	for _, v := range l.versions {
		if v.gone() > now {
			next.versions = append(next.versions, v)
		}
	}
	return next
}

var errVersion = errors.New("versions go up")

// put takes a document in, unless it is the one in force.
func (x *detector[K, E, R]) put(next *liveRules[E, R], name string, document []byte, now int64) (bool, error) {
	s := storedVersion{Name: name, Serial: next.serial + 1, From: now, Until: never, Document: document}
	v, err := x.newLive(s)
	if err != nil {
		return false, err
	}
	if at := v.version.From; !at.IsZero() {
		v.stored.From = max(now, at.UnixMilli())
	}
	if before := next.inForce(name); before != nil {
		switch was := before.version; {
		case bytes.Equal(before.stored.Document, document):
			return false, nil
		case v.version.Number < was.Number, v.version.Number == was.Number && v.version.Content != was.Content:
			return false, fmt.Errorf("%w: version %d is in force, and this is another one with the number %d", errVersion, was.Number, v.version.Number)
		}
	}
	if v.version.Elsewhere {
		return next.end(name, v.stored.From, x.isProgram(name)), nil
	}
	next.end(name, v.stored.From, x.isProgram(name))
	next.serial = v.stored.Serial
	next.versions = append(next.versions, v)
	return true, nil
}

// isProgram tells whether the program itself has a rule of a name.
func (x *detector[K, E, R]) isProgram(name string) bool {
	return slices.ContainsFunc(x.rules, func(r *rule[E, R]) bool { return r.Name == name })
}

// end ends what a rule is or was going to be from a time on, and reports whether there was something.
func (l *liveRules[E, R]) end(name string, at int64, program bool) (ended bool) {
	versions := l.versions
	l.versions = nil
	for _, v := range versions {
		if v.stored.Name == name && v.stored.Until > at {
			ended = true
			if v.stored.From >= at {
				continue // it never began
			}
			earlier := *v
			earlier.stored.Until = at
			v = &earlier
		}
		l.versions = append(l.versions, v)
	}
	if was, already := l.ended[name]; program && (!already || at < was) {
		if l.ended == nil {
			l.ended = map[string]int64{}
		}
		l.ended[name], ended = at, true
	}
	return ended
}
