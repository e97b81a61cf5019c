package bulk

import "math"

// chunk holds records in memory, in the order in which they came until it is sorted.
type chunk struct {
	bytes   []byte // keys and values, one behind the other
	records []record
	spare   []record // room for the sort
}

// record is where a record lies in its chunk, and what the sort knows of its key.
type record struct {
	head  uint64 // eight bytes of the key
	at    uint32 // in bytes; the greater, the newer
	key   uint32 // length
	value uint32 // length, or deleted
	left  uint8  // bytes of the key from where head begins, at most goesOn
	old   bool   // a newer one of the key comes behind it
}

const (
	deleted = math.MaxUint32
	// recordBytes is what a record takes beside its key and value: itself and its spare.
	recordBytes = 2 * 24
)

func (c *chunk) reset() { c.bytes, c.records = c.bytes[:0], c.records[:0] }

func (c *chunk) size() int { return len(c.bytes) + recordBytes*len(c.records) }

func (c *chunk) add(key, value []byte) {
	r := record{at: uint32(len(c.bytes)), key: uint32(len(key)), value: uint32(len(value))}
	if value == nil {
		r.value = deleted
	}
	c.bytes = append(append(c.bytes, key...), value...)
	c.records = append(c.records, r)
}

func (c *chunk) keyOf(r record) []byte { return c.bytes[r.at : r.at+r.key] }

// valueOf is nil if the key was deleted, and only then: an empty value of an empty key may be all a chunk holds.
func (c *chunk) valueOf(r record) []byte {
	if r.value == deleted {
		return nil
	}
	if r.value == 0 {
		return []byte{}
	}
	return c.bytes[r.at+r.key : r.at+r.key+r.value]
}

// newest calls f for the newest record of each key of a sorted chunk, in the order of the keys.
func (c *chunk) newest(f func(key, value []byte) error) error {
	for _, r := range c.records {
		if r.old {
			continue
		}
		if err := f(c.keyOf(r), c.valueOf(r)); err != nil {
			return err
		}
	}
	return nil
}
