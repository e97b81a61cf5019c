package task

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// family is entries in memory in the order of their keys: the sub-rows of one row, or what is the task's own: its
// records and timers. Scans never leave a family. Most have few members, and finding a place among few is cheap.
type family struct {
	few  []*entry              // sorted; or
	many *btree.BTreeG[*entry] // once there were more than fewEntries
	// index finds sub-rows in many: a tree compares a dozen keys for it, each somewhere else in memory. The task's
	// own keys do without: they compare by rank, and come near one another.
	index map[string]*entry

	probe *entry         // what is looked for in many
	hint  btree.PathHint // where it was found last
}

// rankOf is the head of one of the task's own keys as a number of the same order: comparing it is cheaper. Of a timer
// it is the time, in steps of 256 ms.
func rankOf(key string) uint64 {
	var head [8]byte
	copy(head[:], key[1:])
	return binary.BigEndian.Uint64(head[:])
}

func comesBefore(a, b *entry) bool {
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	return a.key < b.key
}

func (f *family) probeFor(key string) *entry {
	f.probe.key = key
	if key != "" && key[0] == 0 {
		f.probe.rank = rankOf(key)
	}
	return f.probe
}

const fewEntries = 32

func compareKey(e *entry, key string) int { return strings.Compare(e.key, key) }

// find is the entry of a key; nil: it is not in memory. A family that is nil has none.
func (f *family) find(key string) *entry {
	switch {
	case f == nil:
		return nil
	case f.index != nil:
		return f.index[key]
	case f.many != nil:
		e, _ := f.many.GetHint(f.probeFor(key), &f.hint)
		return e
	}
	if i, found := slices.BinarySearchFunc(f.few, key, compareKey); found {
		return f.few[i]
	}
	return nil
}

// add puts in an entry that is not there.
func (f *family) add(e *entry) {
	if f.many == nil && len(f.few) < fewEntries {
		i, _ := slices.BinarySearchFunc(f.few, e.key, compareKey)
		f.few = slices.Insert(f.few, i, e)
		return
	}
	if f.many == nil {
		f.many = btree.NewBTreeGOptions(comesBefore, btree.Options{NoLocks: true})
		for _, x := range f.few {
			f.many.Set(x)
		}
		if e.parent != nil {
			f.index = make(map[string]*entry, 2*fewEntries)
			for _, x := range f.few {
				f.index[x.key] = x
			}
		}
		f.few, f.probe = nil, &entry{}
	}
	f.many.SetHint(e, &f.hint)
	if f.index != nil {
		f.index[e.key] = e
	}
}

// drop takes out an entry.
func (f *family) drop(e *entry) {
	if f.many != nil {
		f.many.DeleteHint(e, &f.hint)
		delete(f.index, e.key)
	} else if i, found := slices.BinarySearchFunc(f.few, e.key, compareKey); found {
		f.few = slices.Delete(f.few, i, i+1)
	}
}

func (f *family) size() int {
	switch {
	case f == nil:
		return 0
	case f.many != nil:
		return f.many.Len()
	}
	return len(f.few)
}

// each calls g for all entries, the last one first, until it returns false. g must not change the family.
func (f *family) each(g func(*entry) bool) {
	if f == nil {
		return
	}
	if f.many != nil {
		f.many.Reverse(g)
		return
	}
	for _, e := range slices.Backward(f.few) {
		if !g(e) {
			return
		}
	}
}

// walk stands at an entry of a family, or at none.
type walk struct {
	few []*entry
	at  int
	it  btree.IterG[*entry]
	big bool
	ok  bool
}

// from stands at the first entry whose key is not below lo. done must be called at the end.
func (f *family) from(lo string) walk {
	if f == nil {
		return walk{}
	}
	if f.many != nil {
		w := walk{it: f.many.Iter(), big: true}
		w.ok = w.it.Seek(f.probeFor(lo))
		return w
	}
	at, _ := slices.BinarySearchFunc(f.few, lo, compareKey)
	return walk{few: f.few, at: at, ok: at < len(f.few)}
}

// below stands at the last entry whose key is below hi.
func (f *family) below(hi string) walk {
	if f == nil {
		return walk{}
	}
	w := f.from(hi)
	switch {
	case w.ok:
		w.prev()
	case w.big:
		w.ok = w.it.Last()
	default:
		w.at = len(w.few) - 1
		w.ok = w.at >= 0
	}
	return w
}

func (w *walk) item() *entry {
	if w.big {
		return w.it.Item()
	}
	return w.few[w.at]
}

func (w *walk) next() {
	if w.big {
		w.ok = w.it.Next()
		return
	}
	w.at++
	w.ok = w.at < len(w.few)
}

func (w *walk) prev() {
	if w.big {
		w.ok = w.it.Prev()
		return
	}
	w.at--
	w.ok = w.at >= 0
}

func (w *walk) done() {
	if w.big {
		w.it.Release()
	}
}
