package cep

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// waitingKey sorts by time (8 bytes, sign flipped), then arrival (8 bytes).
func waitingKey(at int64, arrived uint64) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(at)^1<<63)
	return string(binary.BigEndian.AppendUint64(b, arrived))
}

// eventKey sorts by Seq (8 bytes).
func eventKey(seq uint64) string { return string(binary.BigEndian.AppendUint64(nil, seq)) }

// taken is an event with its places in the runs of each machine.
type taken[E any] struct {
	event *nfa.Event[E]
	by    []places
}

// places are nodes as package nfa encodes them.
type places struct {
	id    uint32
	nodes []byte
}

func (t *taken[E]) add(id uint32, nodes []*nfa.Node[E]) {
	t.by = append(t.by, places{id, nfa.AppendNodes(nil, nodes)})
}

// takenCodec stores an event once, whatever runs hold it: byte version; varint time; uvarint machines; each: 4
// bytes id, big-endian, uvarint length of the nodes, nodes; then the event. Seq is the key.
type takenCodec[E any] struct{ events codecs.Codec[E] }

const takenVersion = 1

var errTaken = errors.New("damaged event of partial matches")

// Encode implements codecs.Codec.
func (c takenCodec[E]) Encode(b []byte, t taken[E]) ([]byte, error) {
	b = append(b, takenVersion)
	b = binary.AppendVarint(b, t.event.Time)
	b = binary.AppendUvarint(b, uint64(len(t.by)))
	for _, p := range t.by {
		b = binary.BigEndian.AppendUint32(b, p.id)
		b = binary.AppendUvarint(b, uint64(len(p.nodes)))
		b = append(b, p.nodes...)
	}
	return c.events.Encode(b, t.event.Value)
}

// Decode implements codecs.Codec. The event has no Seq.
func (c takenCodec[E]) Decode(b []byte) (t taken[E], err error) {
	if len(b) == 0 || b[0] != takenVersion {
		return t, errTaken
	}
	in := input{b: b[1:]}
	t.event = &nfa.Event[E]{Time: in.varint()}
	for n := in.uvarint(); n > 0 && !in.bad; n-- {
		if len(in.b) < 4 {
			return t, errTaken
		}
		id := binary.BigEndian.Uint32(in.b)
		in.b = in.b[4:]
		t.by = append(t.by, places{id, append([]byte(nil), in.part()...)})
	}
	if in.bad {
		return t, errTaken
	}
	t.event.Value, err = c.events.Decode(in.b)
	return t, err
}

func (x *detector[K, E, R]) events() tables.Sub[taken[E]] {
	return tables.NewSub[taken[E]](eventSubs, takenCodec[E]{x.d.Events})
}

// take removes the events of a time from those that wait, in their order.
func (k *key[K, E, R]) take(at int64) (es []E, err error) {
	subs := stream.SubsOf(k.c, k.x.waiting())
	var keys []string
	end := waitingKey(at+1, 0)
	if err := subs.Each(func(key string, e E) bool {
		if key >= end {
			return false
		}
		keys, es = append(keys, key), append(es, e)
		return true
	}); err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := subs.Delete(key); err != nil {
			return nil, err
		}
	}
	k.s.waiting -= len(keys)
	if less := k.x.d.Less; less != nil {
		slices.SortStableFunc(es, func(a, b E) int { return cmp.Or(order(less(a, b), -1), order(less(b, a), 1)) })
	}
	return es, nil
}

func order(is bool, n int) int {
	if is {
		return n
	}
	return 0
}

// open takes a key's runs into memory.
func (x *detector[K, E, R]) open(c *context[K], at time.Time) (*key[K, E, R], error) {
	list, err := x.at(c, at.UnixMilli())
	if err != nil {
		return nil, err
	}
	k := &key[K, E, R]{x: x, c: c, s: *c.Row.s, list: list}
	if w, ok := k.s.warm.(*warm[E]); ok {
		k.w.runs = slices.Clone(w.runs)
		k.leaveGone()
		return k, nil
	}
	if len(k.s.rules) == 0 {
		return k, nil
	}
	return k, k.load()
}

// load reads the runs of a key, and the events that they hold.
func (k *key[K, E, R]) load() error {
	readers := map[uint32]*nfa.Reader[E]{}
	k.each(func(_ *rule[E, R], m machine[E]) { readers[m.id] = nfa.NewReader(m.a) })
	var broken error
	err := stream.SubsOf(k.c, k.x.events()).Each(func(key string, t taken[E]) bool {
		t.event.Seq = binary.BigEndian.Uint64([]byte(key))
		for _, p := range t.by {
			if r := readers[p.id]; r != nil {
				_, err := r.Nodes(t.event, p.nodes)
				broken = cmp.Or(broken, err)
			}
		}
		return broken == nil
	})
	if err := cmp.Or(err, broken); err != nil {
		return err
	}
	for _, stored := range k.s.rules {
		m := k.find(stored)
		if m == nil {
			k.c.Dropped(1) // the rule discards what another pattern had begun
			at := k.c.EventTime().UnixMilli()
			rule, _ := ruleOf(stored.name)
			k.ended(rule, nil, []nfa.Ended{{Why: nfa.ByChange, Began: at, At: at}})
			continue
		}
		runs, err := readers[m.id].Runs(stored.stored)
		if err != nil {
			return err
		}
		k.w.set(m.id, runs)
	}
	return nil
}

// close puts the key's runs back. Without any, and without events that wait, nothing is left of the key but a trace of
// what ended last.
func (k *key[K, E, R]) close() error {
	if k.broken != nil {
		return k.broken
	}
	k.s.rules = nil
	timer := noTimer
	k.each(func(r *rule[E, R], m machine[E]) {
		runs := k.w.find(m.id)
		if runs.Empty() {
			return
		}
		k.s.rules = append(k.s.rules, ruleRuns{m.stored, m.a.Fingerprint(), nfa.AppendRuns(nil, runs)})
		if at, ok := m.a.Deadline(runs); ok && (timer == noTimer || at < timer) {
			timer = at
		}
	})
	if err := k.setTimer(timer); err != nil {
		return err
	}
	if len(k.s.rules) == 0 && k.s.waiting == 0 {
		k.c.Row = nil
		return k.leave()
	}
	if err := k.sweep(); err != nil {
		return err
	}
	w := k.w
	k.s.warm = &w
	k.c.Row = &Runs{&k.s}
	return nil
}

// setTimer moves the timer to when the first window closes.
func (k *key[K, E, R]) setTimer(at int64) error {
	if at == k.s.timer {
		return nil
	}
	if k.s.timer != noTimer {
		if err := k.c.DeleteTimer(windowTimer, instant(k.s.timer)); err != nil {
			return err
		}
	}
	k.s.timer = at
	if at == noTimer {
		return nil
	}
	return k.c.SetTimer(windowTimer, instant(at))
}

// sweep deletes stored events that no run holds any more, once there may be more of them than of the others.
func (k *key[K, E, R]) sweep() error {
	const few = 16
	if k.s.stored <= 2*k.s.swept+few && (len(k.s.rules) > 0 || k.s.stored == 0) {
		return nil
	}
	living := map[string]bool{}
	for _, r := range k.w.runs {
		r.runs.Living(func(e *nfa.Event[E]) { living[eventKey(e.Seq)] = true })
	}
	var dead []string
	subs := stream.SubsOf(k.c, tables.NewSub(eventSubs, codecs.Bytes()))
	if err := subs.Each(func(key string, _ []byte) bool {
		if !living[key] {
			dead = append(dead, key)
		}
		return true
	}); err != nil {
		return err
	}
	for _, key := range dead {
		if err := subs.Delete(key); err != nil {
			return err
		}
	}
	k.s.stored, k.s.swept = len(living), len(living)
	return nil
}
