package bulk

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// The sort looks at eight bytes of each key at a time: as numbers they lie beside one another, while each look at
// a key itself would be a look at another place in memory. Those whose eight bytes are equal are sorted by the
// next eight.
//
//	key          head        left
//	"ab"         'a' 'b' 0…  2
//	"ab\x00"     'a' 'b' 0…  3       longer, and thus behind it
//	"abcdefgh1"  'a' … 'h'   goesOn

// goesOn is left of a key that has more bytes than its head shows.
const goesOn = 9

// radixFrom is how many records are worth counting bytes.
const radixFrom = 256

// sort orders the records by key, and those of the same key by age, the oldest first, and marks all but the
// newest.
func (c *chunk) sort() {
	if n := len(c.records); cap(c.spare) < n {
		c.spare = make([]record, cap(c.records))
	}
	c.sortFrom(c.records, c.spare[:len(c.records)], 0)
}

// sortFrom sorts records whose keys are the same up to depth and that are in the order of age.
func (c *chunk) sortFrom(rs, spare []record, depth uint32) {
	for i := range rs {
		rs[i].look(c.keyOf(rs[i])[depth:])
	}
	if len(rs) < radixFrom {
		slices.SortFunc(rs, compare)
	} else {
		radix(rs, spare)
	}
	for len(rs) > 0 {
		n := same(rs)
		if rs[0].left < goesOn {
			supersede(rs[:n-1])
		} else if n > 1 {
			c.sortFrom(rs[:n], spare[:n], depth+8)
		}
		rs, spare = rs[n:], spare[n:]
	}
}

// look notes what rest, the end of the key, begins with.
func (r *record) look(rest []byte) {
	r.left = uint8(min(len(rest), goesOn))
	if len(rest) >= 8 {
		r.head = binary.BigEndian.Uint64(rest)
		return
	}
	var b [8]byte
	copy(b[:], rest)
	r.head = binary.BigEndian.Uint64(b[:])
}

// same counts the records at the front that look the same.
func same(rs []record) int {
	n := 1
	for n < len(rs) && rs[n].head == rs[0].head && rs[n].left == rs[0].left {
		n++
	}
	return n
}

func supersede(rs []record) {
	for i := range rs {
		rs[i].old = true
	}
}

func compare(a, b record) int {
	if a.head != b.head {
		return cmp.Compare(a.head, b.head)
	}
	if a.left != b.left {
		return cmp.Compare(a.left, b.left)
	}
	return cmp.Compare(a.at, b.at)
}

// radix sorts by left and then by the bytes of head, the last first; equal ones keep their order.
func radix(rs, spare []record) {
	var counts [9][256]uint32
	for i := range rs {
		counts[0][rs[i].left]++
		for d := 1; d < len(counts); d++ {
			counts[d][digit(&rs[i], d)]++
		}
	}
	from, to := rs, spare
	for d := range counts {
		if counts[d][digit(&rs[0], d)] == uint32(len(rs)) {
			continue // all have the same
		}
		distribute(from, to, &counts[d], d)
		from, to = to, from
	}
	if &from[0] != &rs[0] {
		copy(rs, from)
	}
}

// digit is number d of what counts in an order, the least significant first.
func digit(r *record, d int) uint8 {
	if d == 0 {
		return r.left
	}
	return uint8(r.head >> (8 * (d - 1)))
}

// distribute moves the records to where their digit belongs.
func distribute(from, to []record, count *[256]uint32, d int) {
	var next uint32 // where the digit's records begin
	for i, n := range count {
		count[i], next = next, next+n
	}
	for i := range from {
		at := &count[digit(&from[i], d)]
		to[*at] = from[i]
		*at++
	}
}
