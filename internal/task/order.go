package task

import (
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// order holds the sub-rows and task records in memory in the order of their keys. Scans never leave the
// sub-rows of one row, so each row has an order of its own: most have few sub-rows, and finding a place among
// few is cheap. The task records are the family "".
type order map[string]*family

// family is the sub-rows of one row.
type family struct {
	few  []*entry              // sorted; or
	many *btree.BTreeG[*entry] // once there were more than fewEntries
	// whole: the local store has none that is not here. Then it need not be asked.
	whole bool
}

const fewEntries = 32

// rowOf is the key of the row that a sub-row belongs to.
func rowOf(key string) string {
	row, _, _ := strings.Cut(key, "\x00")
	return row
}

func (o order) of(key string) *family { return o[rowOf(key)] }

// add puts in an entry that is not there. whole says what is true of the family if this is the first of it; of
// the task records it says nothing.
func (o order) add(e *entry, whole bool) {
	row := rowOf(e.key)
	f := o[row]
	if f == nil {
		f = &family{whole: whole && row != ""}
		o[row] = f
	}
	f.add(e)
}

func compareKey(e *entry, key string) int { return strings.Compare(e.key, key) }

func (f *family) add(e *entry) {
	if f.many == nil && len(f.few) < fewEntries {
		i, _ := slices.BinarySearchFunc(f.few, e.key, compareKey)
		f.few = slices.Insert(f.few, i, e)
		return
	}
	if f.many == nil {
		f.many = btree.NewBTreeGOptions(func(a, b *entry) bool { return a.key < b.key }, btree.Options{NoLocks: true})
		for _, x := range f.few {
			f.many.Set(x)
		}
		f.few = nil
	}
	f.many.Set(e)
}

// evict takes out an entry that the local store has too.
func (o order) evict(e *entry) {
	row := rowOf(e.key)
	f := o[row]
	f.whole = f.whole && e.val == nil
	if f.many != nil {
		f.many.Delete(e)
	} else if i, found := slices.BinarySearchFunc(f.few, e.key, compareKey); found {
		f.few = slices.Delete(f.few, i, i+1)
	}
	if f.size() == 0 {
		delete(o, row)
	}
}

func (f *family) size() int {
	if f.many != nil {
		return f.many.Len()
	}
	return len(f.few)
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
		w.ok = w.it.Seek(&entry{key: lo})
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
