package bulk

import (
	"cmp"
	"encoding/binary"

	"github.com/syndtr/goleveldb/leveldb/comparer"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// In its tables LevelDB has behind each key eight bytes, little-endian: 256 times the sequence number of the
// change, plus 1 for a value or 0 for a deletion.
const trailer = 8

func appendKey(b, key []byte, sequence uint64, gone bool) []byte {
	n := sequence<<8 | 1
	if gone {
		n--
	}
	return binary.LittleEndian.AppendUint64(append(b, key...), n)
}

func userKey(key []byte) []byte { return key[:len(key)-trailer] }

func number(key []byte) uint64 { return binary.LittleEndian.Uint64(key[len(key)-trailer:]) }

func isDeletion(key []byte) bool { return number(key)&0xff == 0 }

// order is LevelDB's of the keys in its tables: by key, and of one key the newest first.
type order struct{ comparer.Comparer }

func (o order) Compare(a, b []byte) int {
	if c := o.Comparer.Compare(userKey(a), userKey(b)); c != 0 {
		return c
	}
	return cmp.Compare(number(b), number(a))
}

// Separator implements comparer.Comparer: nil has the writer take the key itself.
func (order) Separator(_, _, _ []byte) []byte { return nil }

// Successor implements comparer.Comparer.
func (order) Successor(_, _ []byte) []byte { return nil }

// keyFilter is a filter over keys as they are in tables, which knows nothing of sequence numbers.
type keyFilter struct{ filter.Filter }

// NewGenerator implements filter.Filter.
func (f keyFilter) NewGenerator() filter.FilterGenerator {
	return generator{f.Filter.NewGenerator()}
}

type generator struct{ filter.FilterGenerator }

// Add implements filter.FilterGenerator.
func (g generator) Add(key []byte) { g.FilterGenerator.Add(userKey(key)) }

// tableOptions are those of a database for its tables.
func tableOptions(o *opt.Options) *opt.Options {
	t := *o
	t.Comparer = order{o.GetComparer()}
	if f := o.GetFilter(); f != nil {
		t.Filter = keyFilter{f}
	}
	return &t
}
