package demo

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// chance is what happens in the world outside.
type chance struct{ *rand.Rand }

// newChance gives each use case a chance of its own: leaving one out changes nothing for the others.
func newChance(seed uint64, name string) chance {
	h := fnv.New64a()
	h.Write([]byte(name))
	return chance{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// percent is true n times of a hundred.
func (c chance) percent(n int) bool { return c.IntN(100) < n }

// between is from low to high, both included.
func (c chance) between(low, high int) int { return low + c.IntN(high-low+1) }

// amount has two decimals: from low to below high.
func (c chance) amount(low, high int) string {
	return fmt.Sprintf("%d.%02d", low+c.IntN(high-low), c.IntN(100))
}

// few prefers small numbers from 0 to below n: some buyers come often, most of them seldom.
func (c chance) few(n int) int { return c.IntN(c.IntN(n) + 1) }

// one of several.
func one[T any](c chance, of []T) T { return of[c.IntN(len(of))] }

// rubbish is one of several texts that are no records.
func (c chance) rubbish(topic string, texts []string) record {
	return record{topic: topic, value: []byte(one(c, texts)), broken: true}
}

// written is a value as JSON.
func written(topic, key string, v any) record {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and nil
	}
	return record{topic: topic, key: key, value: b}
}

const clock = "2006-01-02 15:04:05"

// remember keeps the latest values, and beyond most of them some, to come back to.
func remember[T any](c chance, held []T, most int, v T) []T {
	if len(held) < most {
		return append(held, v)
	}
	held[c.IntN(most)] = v
	return held
}

// later holds what is still to come: a refund, a correction. It counts in records and not in time, so that the
// same seed gives the same records.
type later struct {
	written int
	pending []pending
}

type pending struct {
	after int // so many records have been written
	what  func(now time.Time) record
}

// in plans a record: it comes when n others have come, or soon after.
func (l *later) in(n int, what func(now time.Time) record) {
	l.pending = append(l.pending, pending{l.written + n, what})
}

// due is the first planned record whose time has come, or nil.
func (l *later) due() func(now time.Time) record {
	l.written++
	for i, p := range l.pending {
		if p.after < l.written {
			l.pending = append(l.pending[:i], l.pending[i+1:]...)
			return p.what
		}
	}
	return nil
}
