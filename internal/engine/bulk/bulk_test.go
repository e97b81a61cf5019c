package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"
	"pgregory.net/rapid"
)

func options() *opt.Options {
	return &opt.Options{Filter: filter.NewBloomFilter(10), Strict: opt.StrictAll, CompactionTableSize: 4 << 10, CompactionTotalSize: 8 << 10}
}

// change is a record; a nil value deletes.
type change struct {
	key   string
	value []byte
}

// changes have keys with common beginnings, zeros, and lengths around those at which the sort looks further.
func changes() *rapid.Generator[[]change] {
	key := rapid.Custom(func(t *rapid.T) string {
		begin := rapid.SampledFrom([]string{"", "\x00", "\x00t", "a", "user-", "user-1234567", strings.Repeat("x", 24)}).Draw(t, "begin")
		end := rapid.SampledFrom([]string{"", "", "\x00", "\x00sub\x00", "\x00sub\x00\x00", "\xff\xff"}).Draw(t, "end")
		return begin + string(rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "middle")) + end
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) change {
		c := change{key: key.Draw(t, "key")}
		if n := rapid.IntRange(-1, 60).Draw(t, "value"); n >= 0 {
			c.value = bytes.Repeat([]byte{byte(n)}, n)
		}
		return c
	}), 0, 2000)
}

// build makes a database of changes and returns its folder.
func build(t interface{ Fatal(...any) }, parent string, limit int, cs []change) string {
	dir := filepath.Join(parent, "db")
	b, err := New(dir, options(), limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if err := b.Put([]byte(c.key), c.value); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish(context.Background()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func content(cs []change) map[string]string {
	m := map[string]string{}
	for _, c := range cs {
		if c.value == nil {
			delete(m, c.key)
		} else {
			m[c.key] = string(c.value)
		}
	}
	return m
}

// wantContent compares a database with what it should hold: in order, forwards and backwards, and key by key.
func wantContent(t interface{ Fatalf(string, ...any) }, db *leveldb.DB, want map[string]string) {
	keys := slices.Sorted(maps.Keys(want))
	it := db.NewIterator(nil, nil)
	defer it.Release()
	for i := 0; it.Next() || i < len(keys); i++ {
		if !it.Valid() || i >= len(keys) || string(it.Key()) != keys[i] || string(it.Value()) != want[keys[i]] {
			t.Fatalf("entry %d of %d is %q (%v)", i, len(keys), it.Key(), it.Error())
		}
	}
	for i, ok := len(keys)-1, it.Last(); ok || i >= 0; i, ok = i-1, it.Prev() {
		if !ok || i < 0 || string(it.Key()) != keys[i] {
			t.Fatalf("backwards, entry %d of %d is %q (%v)", i, len(keys), it.Key(), it.Error())
		}
	}
	for k, v := range want {
		if got, err := db.Get([]byte(k), nil); err != nil || string(got) != v {
			t.Fatalf("%q is %q (%v), want %q", k, got, err, v)
		}
		if _, absent := want[k+"\x01"]; !absent {
			if ok, err := db.Has([]byte(k+"\x01"), nil); ok || err != nil {
				t.Fatalf("%q is there (%v)", k+"\x01", err)
			}
		}
	}
}

func open(t interface{ Fatal(...any) }, dir string) *leveldb.DB {
	o := options()
	o.ErrorIfMissing = true
	db, err := leveldb.OpenFile(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func folder(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "bulk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// The limit decides how often records are laid aside: never, or with every few.
func TestADatabaseHoldsTheNewestOfEachKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs := changes().Draw(t, "changes")
		dir := build(t, folder(t), rapid.SampledFrom([]int{1 << 20, 50_000, 5_000}).Draw(t, "limit"), cs)
		db := open(t, dir)
		defer db.Close()
		wantContent(t, db, content(cs))
	})
}

func TestAnEmptyValueOfAnEmptyKeyIsKept(t *testing.T) {
	cs := []change{{"", []byte{}}}
	db := open(t, build(t, t.TempDir(), 1<<20, cs))
	defer db.Close()
	wantContent(t, db, content(cs))
}

func TestADatabaseIsWorkedOnLikeAnyOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second := changes().Draw(t, "first"), changes().Draw(t, "second")
		dir := build(t, folder(t), 20_000, first)
		db := open(t, dir)
		for _, c := range second {
			err := db.Delete([]byte(c.key), nil)
			if c.value != nil {
				err = db.Put([]byte(c.key), c.value, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		want := content(append(slices.Clone(first), second...))
		wantContent(t, db, want)
		if err := db.CompactRange(util.Range{}); err != nil {
			t.Fatal(err)
		}
		wantContent(t, db, want)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, dir)
		defer db.Close()
		wantContent(t, db, want)
	})
}

// many are changes of n keys, each changed more than once.
func many(n int) []change {
	r := rand.New(rand.NewPCG(1, 2))
	cs := make([]change, 0, 3*n)
	for i := range 3 * n {
		c := change{key: fmt.Sprintf("user-%d", r.IntN(n)), value: fmt.Appendf(nil, "value %d", i)}
		if i%17 == 0 {
			c.value = nil
		}
		cs = append(cs, c)
	}
	return cs
}

// In level 0 each look would be one at every table, and LevelDB would begin to compact them.
func TestManyTablesLieInOneLevelBelowTheFirst(t *testing.T) {
	cs := many(20_000)
	for _, limit := range []int{1 << 30, 300_000} {
		dir := build(t, t.TempDir(), limit, cs)
		db := open(t, dir)
		wantContent(t, db, content(cs))
		var counts [4]int // tables of 4 KB; level 1 takes 80 KB, level 2 800
		for level := range counts {
			text, err := db.GetProperty(fmt.Sprint("leveldb.num-files-at-level", level))
			if err != nil {
				t.Fatal(err)
			}
			if counts[level], err = strconv.Atoi(text); err != nil {
				t.Fatal(err)
			}
		}
		if counts[2] < 20 || counts != [4]int{2: counts[2]} {
			t.Errorf("tables per level: %v", counts)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
			t.Errorf("%s are still there", left)
		}
	}
}

// A process may be killed at any moment: what is at dir is nothing or everything.
func TestThereIsNothingBeforeTheEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	for range 2 { // the second finds what the first has left
		b, err := New(dir, options(), 2000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if err := b.Put(fmt.Append(nil, i), make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Fatalf("there is something before it is finished (%v)", err)
		}
		if _, err := New(dir, options(), 2000); err == nil {
			t.Fatal("two write the same database")
		}
		b.disk.Close() // a process that is killed lets go of the lock
	}
	cs := []change{{"a", []byte("b")}}
	db := open(t, build(t, filepath.Dir(dir), 2000, cs))
	defer db.Close()
	wantContent(t, db, content(cs))
}

func TestWhatIsDiscardedIsGone(t *testing.T) {
	parent := t.TempDir()
	b, err := New(filepath.Join(parent, "db"), options(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := b.Put([]byte("key"), make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

func TestADatabaseInTheWayIsAnError(t *testing.T) {
	parent := t.TempDir()
	build(t, parent, 1000, nil)
	b, err := New(filepath.Join(parent, "db"), options(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(context.Background()); err == nil {
		t.Error("it was overwritten")
	}
}

func TestWhoIsToldToStopWritesNoDatabase(t *testing.T) {
	parent := t.TempDir()
	b, err := New(filepath.Join(parent, "db"), options(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := errors.Join(b.Put([]byte("key"), nil), b.Put([]byte("other"), []byte("value"))); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
}
