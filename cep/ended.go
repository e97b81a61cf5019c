package cep

import (
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
)

// lastEnd is what ended partial matches of a rule the last time that any ended: for people only.
type lastEnd struct {
	name  string // of the rule
	event []byte // as the codec of events has it; empty: it was time, or the event is too large to be kept
	ends  []nfa.Ended
}

// maxEndEvent bounds the event that is kept with an end, in bytes.
const maxEndEvent = 512

// ended notes why runs of a rule have ended. e is nil where time ended them.
func (k *key[K, E, R]) ended(rule string, e *nfa.Event[E], ends []nfa.Ended) {
	if len(ends) == 0 {
		return
	}
	if !k.ending {
		k.ending, k.s.ended = true, slices.Clone(k.s.ended) // the row that is there has the others
	}
	end := lastEnd{rule, k.eventOf(e), ends}
	if i := slices.IndexFunc(k.s.ended, func(x lastEnd) bool { return x.name == rule }); i >= 0 {
		k.s.ended[i] = end
		return
	}
	k.s.ended = append(k.s.ended, end)
}

// eventOf encodes an event, once for all rules.
func (k *key[K, E, R]) eventOf(e *nfa.Event[E]) []byte {
	if e == nil {
		return nil
	}
	if k.encodedSeq != e.Seq {
		b, err := k.x.d.Events.Encode(nil, e.Value)
		if err != nil || len(b) > maxEndEvent {
			b = nil
		}
		k.encoded, k.encodedSeq = b, e.Seq
	}
	return k.encoded
}

// leave keeps the ends of a key that has nothing open any more.
func (k *key[K, E, R]) leave() error {
	if len(k.s.ended) == 0 {
		return nil
	}
	return k.c.LeaveTrace(Runs{&runsState{seq: k.s.seq, arrived: k.s.arrived, timer: noTimer, ended: k.s.ended}})
}

// bound is at least the size of what append appends.
func (e lastEnd) bound() int {
	n := 3*binary.MaxVarintLen64 + len(e.name) + len(e.event)
	for _, x := range e.ends {
		n += 1 + 4*binary.MaxVarintLen64
		for _, s := range x.Steps {
			n += binary.MaxVarintLen64 + len(s)
		}
	}
	return n
}

func appendPart[T string | []byte](b []byte, part T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

// append appends: name; event; uvarint reasons; each: byte why; uvarint runs; varint time that the last of them
// began; varint time that it ended - began; uvarint steps; each.
func (e lastEnd) append(b []byte) []byte {
	b = appendPart(appendPart(b, e.name), e.event)
	b = binary.AppendUvarint(b, uint64(len(e.ends)))
	for _, x := range e.ends {
		b = append(b, byte(x.Why))
		b = binary.AppendUvarint(b, uint64(x.Runs))
		b = binary.AppendVarint(b, x.Began)
		b = binary.AppendVarint(b, x.At-x.Began)
		b = binary.AppendUvarint(b, uint64(len(x.Steps)))
		for _, s := range x.Steps {
			b = appendPart(b, s)
		}
	}
	return b
}

func (in *input) lastEnd() lastEnd {
	e := lastEnd{name: string(in.part()), event: append([]byte(nil), in.part()...)}
	for n := in.uvarint(); n > 0 && !in.bad; n-- {
		x := nfa.Ended{Why: nfa.Why(in.byte()), Runs: int(in.uvarint()), Began: in.varint()}
		x.At = x.Began + in.varint()
		for steps := in.uvarint(); steps > 0 && !in.bad; steps-- {
			x.Steps = append(x.Steps, string(in.part()))
		}
		e.ends = append(e.ends, x)
	}
	return e
}

func (in *input) byte() (v byte) {
	if len(in.b) > 0 {
		v = in.b[0]
	}
	in.skip(min(1, len(in.b)))
	return v
}

// showEvent is a kept event as JSON; nil: there is none, or it can't be read any more.
func (x *detector[K, E, R]) showEvent(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	e, err := x.d.Events.Decode(b)
	if err != nil {
		return nil
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil
	}
	return text
}
