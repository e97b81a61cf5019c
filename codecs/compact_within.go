package codecs

import (
	"bytes"
	"math"
	"reflect"
)

// More major types of RFC 8949, section 3.1.
const (
	cborArray = 4 << 5
	cborMap   = 5 << 5
)

// structPart is a struct: a map with its fields in the order of their keys' bytes.
type structPart struct{ fields []fieldPart }

// fieldPart is a field with its encoded key.
type fieldPart struct {
	key  []byte
	part cborPart
	omit func() bool // nil: it is always written
}

// maxFields is how many a head of two bytes can count.
const maxFields = math.MaxUint8

func (p structPart) append(dst []byte) (out []byte, ok bool) {
	head, count := len(dst), 0
	dst = append(dst, cborMap)
	for i := range p.fields {
		f := &p.fields[i]
		size := len(dst)
		if dst, ok = f.part.append(append(dst, f.key...)); !ok {
			return dst, false // also where it would be left out
		}
		if f.omit != nil && f.omit() {
			dst = dst[:size]
			continue
		}
		count++
	}
	return countMap(dst, head, count), true
}

// countMap completes the head of a map, once the number of its pairs is known.
func countMap(dst []byte, head, count int) []byte {
	if count < 24 {
		dst[head] = cborMap | byte(count)
		return dst
	}
	dst = append(dst, 0) // one byte more than was left for it
	copy(dst[head+2:], dst[head+1:])
	dst[head], dst[head+1] = cborMap|24, byte(count)
	return dst
}

func (p structPart) size() (n int, ok bool) {
	count := 0
	for i := range p.fields {
		f := &p.fields[i]
		size, ok := f.part.size()
		if !ok {
			return 0, false
		}
		if f.omit != nil && f.omit() {
			continue
		}
		n, count = n+len(f.key)+size, count+1
	}
	return n + headLen(uint64(count)), true
}

// read takes the keys in the order in which append writes them. Keys that are not
// known, such as those of removed fields, are passed over.
func (p structPart) read(b []byte) (rest []byte, ok bool) {
	major, count, b := readHead(b)
	if major != cborMap {
		return b, false
	}
	for next := 0; count > 0; count-- {
		i := p.find(b, next)
		if i < 0 {
			if b, ok = p.pass(b); !ok {
				return b, false
			}
			continue
		}
		f := &p.fields[i]
		if b, ok = f.part.read(b[len(f.key):]); !ok {
			return b, false
		}
		next = i + 1
	}
	return b, true
}

// find returns the field, from next on, whose key is at the head of b; -1: none.
func (p structPart) find(b []byte, next int) int {
	for i := next; i < len(p.fields); i++ {
		if bytes.HasPrefix(b, p.fields[i].key) {
			return i
		}
	}
	return -1
}

// pass skips the number and the value of a field that is not ours. It gives up
// where the field might be ours after all: twice there, not in order, a number in a
// longer form than needed, a text, which the library compares without regard to case.
func (p structPart) pass(b []byte) (rest []byte, ok bool) {
	major, n, rest := readHead(b)
	if major > cborNegative || n > math.MaxInt64 || len(b)-len(rest) != headLen(n) || p.find(b, 0) >= 0 {
		return b, false
	}
	return passScalar(rest)
}

// passScalar skips an integer, a string, a bool or null.
func passScalar(b []byte) (rest []byte, ok bool) {
	if len(b) > 0 && (b[0] == cborNull || b[0] == cborFalse || b[0] == cborTrue) {
		return b[1:], true
	}
	switch major, n, rest := readHead(b); major {
	case cborUnsigned, cborNegative:
		return rest, true
	case cborBytes, cborText:
		if n <= uint64(len(rest)) {
			return rest[n:], true
		}
	}
	return b, false
}

// slicePart is a slice; a nil one is null. Its elements pass through scratch.
type slicePart struct {
	at, scratch reflect.Value
	part        cborPart
}

func (p slicePart) append(dst []byte) (out []byte, ok bool) {
	if p.at.IsNil() {
		return append(dst, cborNull), true
	}
	defer p.scratch.SetZero()
	out = appendHead(dst, cborArray, uint64(p.at.Len()))
	for i := range p.at.Len() {
		p.scratch.Set(p.at.Index(i))
		if out, ok = p.part.append(out); !ok {
			return out, false
		}
	}
	return out, true
}

func (p slicePart) size() (n int, ok bool) {
	defer p.scratch.SetZero()
	n = headLen(uint64(p.at.Len()))
	for i := range p.at.Len() {
		p.scratch.Set(p.at.Index(i))
		size, ok := p.part.size()
		if !ok {
			return 0, false
		}
		n += size
	}
	return n, true
}

func (p slicePart) read(b []byte) (rest []byte, ok bool) {
	if len(b) > 0 && b[0] == cborNull {
		return b[1:], true
	}
	major, n, rest := readHead(b)
	if major != cborArray || n > uint64(len(rest)) { // each element has a byte
		return b, false
	}
	defer p.scratch.SetZero()
	p.at.Set(reflect.MakeSlice(p.at.Type(), int(n), int(n)))
	for i := range int(n) {
		p.scratch.SetZero()
		if rest, ok = p.part.read(rest); !ok {
			return rest, false
		}
		p.at.Index(i).Set(p.scratch)
	}
	return rest, true
}

// pointerPart is a pointer; a nil one is null.
type pointerPart struct {
	at, scratch reflect.Value
	part        cborPart
}

func (p pointerPart) append(dst []byte) (out []byte, ok bool) {
	if p.at.IsNil() {
		return append(dst, cborNull), true
	}
	defer p.scratch.SetZero()
	p.scratch.Set(p.at.Elem())
	return p.part.append(dst)
}

func (p pointerPart) size() (n int, ok bool) {
	if p.at.IsNil() {
		return 1, true
	}
	defer p.scratch.SetZero()
	p.scratch.Set(p.at.Elem())
	return p.part.size()
}

func (p pointerPart) read(b []byte) (rest []byte, ok bool) {
	if len(b) > 0 && b[0] == cborNull {
		return b[1:], true
	}
	defer p.scratch.SetZero()
	if rest, ok = p.part.read(b); !ok {
		return rest, false
	}
	made := reflect.New(p.scratch.Type())
	made.Elem().Set(p.scratch)
	p.at.Set(made)
	return rest, true
}
