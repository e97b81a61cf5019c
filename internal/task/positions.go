package task

import (
	"encoding/binary"
	"errors"
)

// A table remembers up to where its inputs are part of it, in the transaction that makes them so. Committed
// offsets say the same, and normally the same figure. Where they are lost or set back, the table knows better:
// a record that it holds already must not be counted again.

// positions is the task record "applied": version, then per input its topic, the topic's id, and the offset
// behind the last record taken in.
type positions map[string]int64

func (p positions) encode(g *Group, id func(string) string) []byte {
	b := []byte{1}
	for _, in := range g.Inputs {
		next, ok := p[in.Topic.Name]
		if !ok {
			continue
		}
		b = appendText(b, in.Topic.Name)
		b = appendText(b, id(in.Topic.Name))
		b = binary.AppendVarint(b, next)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errPositions = errors.New("the stored input positions are damaged")

// restore takes what encode wrote, except of topics that were deleted and created again since: their offsets
// began anew.
func (p positions) restore(b []byte, id func(string) string) error {
	if len(b) == 0 || b[0] != 1 {
		return errPositions
	}
	r := reader{b: b[1:]}
	for len(r.b) > 0 && !r.bad {
		topic, then, next := r.text(), r.text(), r.varint()
		if now := id(topic); then == now || then == "" || now == "" {
			p[topic] = next
		}
	}
	if r.bad {
		return errPositions
	}
	return nil
}

// Applied is the offset behind the last record of topic that the table holds; 0 if it holds none, and for
// stateless tasks.
func (t *Task) Applied(topic string) int64 { return t.applied[topic] }

// restoreApplied reads the positions that the table was left with.
func (t *Task) restoreApplied() error {
	e, err := t.store.record(appliedKey)
	if err != nil || e.val == nil {
		return err
	}
	return t.applied.restore(e.val, t.env.TopicID)
}

// storeApplied writes down the positions of a cut that took in records. Watermark records change nothing that
// would go wrong if it came twice.
func (t *Task) storeApplied(f *Cut) error {
	if f.Records == 0 {
		return nil
	}
	for topic, next := range f.Next {
		t.applied[topic] = next
	}
	return t.store.setRecord(appliedKey, t.applied.encode(t.Group, t.env.TopicID))
}
