package cep

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

// The names of what each task keeps beside its rows.
const (
	versionsValue = "rules"
	countsValue   = "rule-counts"
)

// storedRules are liveRules as they are stored.
type storedRules struct {
	Serial   int64           `cbor:"1,keyasint,omitzero"`
	Versions []storedVersion `cbor:"2,keyasint,omitzero"`
	Ended    []storedEnd     `cbor:"3,keyasint,omitzero"` // by name
}

// storedVersion is a version, in force from one event time until another, in ms.
type storedVersion struct {
	Name     string `cbor:"1,keyasint"`
	Serial   int64  `cbor:"2,keyasint"` // counts the versions of all rules
	From     int64  `cbor:"3,keyasint"`
	Until    int64  `cbor:"4,keyasint"`
	Document []byte `cbor:"5,keyasint"`
}

// storedEnd is that a rule of the program was replaced.
type storedEnd struct {
	Name string `cbor:"1,keyasint"`
	At   int64  `cbor:"2,keyasint"` // ms
}

var storedCodec = codecs.Compact[storedRules](1)

// runs is the name under which runs of a version are stored. In another partition the same name is that of the same
// document.
func (s storedVersion) runs(number int) string {
	return fmt.Sprintf("%s#%d.%08x", s.Name, number, hash(fmt.Sprintf("%d %s", s.Serial, s.Document)))
}

// liveCodec stores liveRules as their documents.
type liveCodec[K ~string, E, R any] struct{ x *detector[K, E, R] }

// Encode implements codecs.Codec.
func (c liveCodec[K, E, R]) Encode(b []byte, l *liveRules[E, R]) ([]byte, error) {
	s := storedRules{Serial: l.serial}
	for _, v := range l.versions {
		s.Versions = append(s.Versions, v.stored)
	}
	for name, at := range l.ended {
		s.Ended = append(s.Ended, storedEnd{name, at})
	}
	slices.SortFunc(s.Ended, func(a, b storedEnd) int { return cmp.Compare(a.Name, b.Name) })
	return storedCodec.Encode(b, s)
}

// Decode implements codecs.Codec.
func (c liveCodec[K, E, R]) Decode(b []byte) (*liveRules[E, R], error) {
	s, err := storedCodec.Decode(b)
	if err != nil {
		return nil, err
	}
	l := &liveRules[E, R]{serial: s.Serial, ended: map[string]int64{}}
	for _, e := range s.Ended {
		l.ended[e.Name] = e.At
	}
	for _, stored := range s.Versions {
		v, err := c.x.newLive(stored)
		if err != nil {
			return nil, fmt.Errorf("a document of rule %q that was taken in can't be read any more: %w", stored.Name, err)
		}
		l.versions = append(l.versions, v)
	}
	return l, nil
}

// foundCount is how many results a version gave in a partition.
type foundCount struct {
	Serial   int64 `cbor:"1,keyasint"`
	Matches  int64 `cbor:"2,keyasint,omitzero"`
	Timeouts int64 `cbor:"3,keyasint,omitzero"`
}

type foundCounts struct {
	By []foundCount `cbor:"1,keyasint,omitzero"`
}

var countsCodec = codecs.Compact[foundCounts](1)

// count adds results of a version.
func (x *detector[K, E, R]) count(c *context[K], l *liveRule[E, R], matches, timeouts int) error {
	if matches+timeouts == 0 {
		return nil
	}
	c.Found(l.stored.Name, l.version.Number, l.version.State.String(), matches+timeouts)
	counts, _, err := x.counts.Get(c)
	if err != nil {
		return err
	}
	counts.By = slices.Clone(counts.By)
	i := slices.IndexFunc(counts.By, func(f foundCount) bool { return f.Serial == l.stored.Serial })
	if i < 0 {
		i = len(counts.By)
		counts.By = append(counts.By, foundCount{Serial: l.stored.Serial})
	}
	counts.By[i].Matches += int64(matches)
	counts.By[i].Timeouts += int64(timeouts)
	return x.counts.Set(c, counts)
}

// give counts the results of a version, and passes them on unless it is a shadow. Those of the program's rules are
// passed on.
func (k *key[K, E, R]) give(r *rule[E, R], rs []R, timeouts int) {
	if r.live != nil {
		k.broken = cmp.Or(k.broken, k.x.count(k.c, r.live, len(rs)-timeouts, timeouts))
		if r.live.version.State == Shadow {
			return
		}
	}
	k.results = append(k.results, rs...)
}

// forget drops the counts of versions of which nothing is left.
func (x *detector[K, E, R]) forget(c *stream.TaskContext, l *liveRules[E, R]) error {
	counts, ok, err := x.counts.Get(c)
	if err != nil || !ok {
		return err
	}
	var kept foundCounts
	for _, f := range counts.By {
		if slices.ContainsFunc(l.versions, func(v *liveRule[E, R]) bool { return v.stored.Serial == f.Serial }) {
			kept.By = append(kept.By, f)
		}
	}
	return x.counts.Set(c, kept)
}

// report lists the rules of a partition for look-ups: those of the program, then the versions in their order.
func (x *detector[K, E, R]) report(shared func(name string) []byte) (all []stream.RuleVersion, err error) {
	l, counts := &liveRules[E, R]{}, foundCounts{}
	if b := shared(versionsValue); b != nil {
		if l, err = (liveCodec[K, E, R]{x}).Decode(b); err != nil {
			return nil, err
		}
	}
	if b := shared(countsValue); b != nil {
		if counts, err = countsCodec.Decode(b); err != nil {
			return nil, err
		}
	}
	for _, r := range x.rules {
		v := stream.RuleVersion{Rule: r.Name, State: Active.String(), From: always, Until: never}
		if at, ended := l.ended[r.Name]; ended {
			v.Until = at
		}
		all = append(all, v)
	}
	for _, v := range l.versions {
		all = append(all, v.report(counts))
	}
	return all, nil
}

func (l *liveRule[E, R]) report(counts foundCounts) stream.RuleVersion {
	v := stream.RuleVersion{Rule: l.stored.Name, Version: l.version.Number, State: l.version.State.String(), From: l.stored.From, Until: l.stored.Until}
	for _, f := range counts.By {
		if f.Serial == l.stored.Serial {
			v.Matches, v.Timeouts = f.Matches, f.Timeouts
		}
	}
	return v
}
