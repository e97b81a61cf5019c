package cep

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tributary-go/tributary/codecs"
)

// runsVersion is the version of the row's form. The row: byte version; uvarint seq, arrived, waiting, stored,
// swept; varint timer; uvarint number of rules; each: name and fingerprint (uvarint length and text), and the
// runs in the form of package nfa (uvarint length and bytes); uvarint number of last ends; each. Version 1 has no ends.
const runsVersion = 2

// runsCodec stores Runs. accept says which it may read; nil: all. explain and show are for those who look them up.
type runsCodec struct {
	accept  func(ruleRuns) error
	explain explainer
	show    func(event []byte) json.RawMessage
}

var (
	_ codecs.Codec[Runs]   = runsCodec{}
	_ codecs.Bounded[Runs] = runsCodec{}
	_ codecs.Versioned     = runsCodec{}
)

var errRuns = errors.New("damaged runs")

// Version implements codecs.Versioned.
func (runsCodec) Version() int { return runsVersion }

// Same tells stream whether a handler has changed the row.
func (runsCodec) Same(a, b Runs) bool { return a.s == b.s }

// Bound implements codecs.Bounded.
func (runsCodec) Bound(r Runs) int {
	n := 9 * binary.MaxVarintLen64
	for _, x := range r.s.rules {
		n += 3*binary.MaxVarintLen64 + len(x.name) + len(x.fingerprint) + len(x.stored)
	}
	for _, e := range r.s.ended {
		n += e.bound()
	}
	return n
}

// Encode implements codecs.Codec.
func (runsCodec) Encode(b []byte, r Runs) ([]byte, error) {
	s := r.s
	b = append(b, runsVersion)
	for _, n := range []uint64{s.seq, s.arrived, uint64(s.waiting), uint64(s.stored), uint64(s.swept)} {
		b = binary.AppendUvarint(b, n)
	}
	b = binary.AppendVarint(b, s.timer)
	b = binary.AppendUvarint(b, uint64(len(s.rules)))
	for _, x := range s.rules {
		for _, part := range [][]byte{[]byte(x.name), []byte(x.fingerprint), x.stored} {
			b = appendPart(b, part)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.ended)))
	for _, e := range s.ended {
		b = e.append(b)
	}
	return b, nil
}

// Decode implements codecs.Codec.
func (c runsCodec) Decode(b []byte) (Runs, error) {
	if len(b) == 0 || b[0] < 1 || b[0] > runsVersion {
		return Runs{}, fmt.Errorf("%w: they are not of version 1 to %d", errRuns, runsVersion)
	}
	in := input{b: b[1:]}
	s := &runsState{explain: c.explain, show: c.show, seq: in.uvarint(), arrived: in.uvarint(), waiting: int(in.uvarint()), stored: int(in.uvarint()), swept: int(in.uvarint())}
	s.timer = in.varint()
	for n := in.uvarint(); n > 0 && !in.bad; n-- {
		x := ruleRuns{string(in.part()), string(in.part()), append([]byte(nil), in.part()...)}
		if c.accept != nil && !in.bad {
			if err := c.accept(x); err != nil {
				return Runs{}, err
			}
		}
		s.rules = append(s.rules, x)
	}
	if b[0] > 1 {
		for n := in.uvarint(); n > 0 && !in.bad; n-- {
			s.ended = append(s.ended, in.lastEnd())
		}
	}
	if in.bad || len(in.b) > 0 {
		return Runs{}, errRuns
	}
	return Runs{s}, nil
}

// input takes numbers and parts off bytes, and remembers whether they ran out.
type input struct {
	b   []byte
	bad bool
}

func (in *input) uvarint() uint64 {
	v, n := binary.Uvarint(in.b)
	in.skip(n)
	return v
}

func (in *input) varint() int64 {
	v, n := binary.Varint(in.b)
	in.skip(n)
	return v
}

func (in *input) skip(n int) {
	if n <= 0 {
		in.bad, in.b = true, nil
		return
	}
	in.b = in.b[n:]
}

func (in *input) part() []byte {
	n := in.uvarint()
	if n > uint64(len(in.b)) {
		in.bad = true
		return nil
	}
	part := in.b[:n]
	in.b = in.b[n:]
	return part
}
