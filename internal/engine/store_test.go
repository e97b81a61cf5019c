package engine_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/util"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/engine"
)

// stores are the directories of the local stores below a state directory.
func stores(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "*", "*-table.*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no local stores below %s: %v", dir, err)
	}
	return found
}

// tamper changes each local store while nobody runs.
func tamper(t *testing.T, dir string, change func(db *leveldb.DB)) {
	t.Helper()
	for _, path := range stores(t, dir) {
		db, err := leveldb.OpenFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// rows lists the keys of rows.
func rows(db *leveldb.DB) (keys [][]byte) {
	it := db.NewIterator(&util.Range{Start: []byte("u")}, nil)
	defer it.Release()
	for it.Next() {
		keys = append(keys, slices.Clone(it.Key()))
	}
	return keys
}

const about = "\x00\x00about"

// afterwards runs countsum, does something to its local stores, and runs it on: were they believed, the totals
// would be wrong.
func afterwards(t *testing.T, change func(s *sums, dir string)) *sums {
	t.Helper()
	c := brokers.Embedded(t)
	s := newSums(t, c)
	cfg := config(t, c)
	s.produce(500)
	r := s.run(cfg)
	r.drain()
	r.stop()
	change(s, cfg.StateDir)
	s.produce(500)
	cfg.Metrics = engine.NewMetrics()
	r = s.run(cfg)
	r.drain()
	r.stop()
	return s
}

func put(t *testing.T, db *leveldb.DB, key, value []byte) {
	t.Helper()
	if err := db.Put(key, value, nil); err != nil {
		t.Fatal(err)
	}
}

// forget deletes all rows, so that only a rebuild brings them back.
func forget(t *testing.T, db *leveldb.DB) {
	t.Helper()
	keys := rows(db)
	for _, k := range keys {
		if err := db.Delete(k, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(keys) == 0 {
		t.Error("the local store is empty: nothing would be rebuilt")
	}
}

func TestAStoreThatIsFreshIsNotRebuilt(t *testing.T) {
	total := 0
	afterwards(t, func(_ *sums, dir string) {
		tamper(t, dir, func(db *leveldb.DB) { put(t, db, []byte("zz"), nil) })
		t.Cleanup(func() {
			tamper(t, dir, func(db *leveldb.DB) {
				if ok, _ := db.Has([]byte("zz"), nil); ok {
					total++
				}
			})
			if total != 4 {
				t.Errorf("%d of 4 stores were kept", total)
			}
		})
	}).check()
}

func TestAStoreThatWasAwayForTooLongIsRebuilt(t *testing.T) {
	afterwards(t, func(_ *sums, dir string) {
		tamper(t, dir, func(db *leveldb.DB) {
			forget(t, db)
			b, err := db.Get([]byte(about), nil)
			if err != nil {
				t.Fatal(err)
			}
			var a map[string]any
			if err := json.Unmarshal(b, &a); err != nil {
				t.Fatal(err)
			}
			a["complete"] = time.Now().Add(-4 * 24 * time.Hour)
			if b, err = json.Marshal(a); err != nil {
				t.Fatal(err)
			}
			put(t, db, []byte(about), b)
		})
	}).check()
}

func TestAStoreAheadOfItsChangelogIsRebuilt(t *testing.T) {
	afterwards(t, func(_ *sums, dir string) {
		tamper(t, dir, func(db *leveldb.DB) {
			forget(t, db)
			put(t, db, []byte("__offset"), []byte("1000000"))
		})
	}).check()
}

func TestADamagedStoreIsRebuilt(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"current": func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "CURRENT")) },
		"tables": func(t *testing.T, dir string) {
			compact(t, dir)
			overwrite(t, files(t, dir, "*.ldb")...)
		},
		"missing tables": func(t *testing.T, dir string) {
			compact(t, dir)
			for _, f := range files(t, dir, "*.ldb") {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		},
		"journal": func(t *testing.T, dir string) { overwrite(t, files(t, dir, "*.log")...) },
	} {
		t.Run(name, func(t *testing.T) {
			afterwards(t, func(_ *sums, dir string) {
				for _, d := range stores(t, dir) {
					damage(t, d)
				}
			}).check()
		})
	}
}

// compact moves everything into table files.
func compact(t *testing.T, dir string) {
	t.Helper()
	db, err := leveldb.OpenFile(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.CompactRange(util.Range{}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return found
}

// overwrite changes bytes in the middle of files.
func overwrite(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(b) / 3; i < len(b)/3+16 && i < len(b); i++ {
			b[i] ^= 0x5a
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A table whose changelog is deleted is empty, whatever the local store remembers.
func TestAStoreOfADeletedChangelogIsForgotten(t *testing.T) {
	c := brokers.Embedded(t)
	s := newSums(t, c)
	cfg := config(t, c)
	s.produce(500)
	r := s.run(cfg)
	r.drain()
	r.stop()
	before := len(c.ReadCommitted(t, s.out))
	c.DeleteTopic(t, s.changelog)
	s.c.Produce(t, s.in, payments(0, users)...)
	cfg.Metrics = engine.NewMetrics()
	r = s.run(cfg)
	r.drain()
	r.stop()
	first := 0
	for _, x := range c.ReadCommitted(t, s.out) {
		var v struct{ N int64 }
		if err := json.Unmarshal(x.Value, &v); err != nil {
			t.Fatal(err)
		}
		if v.N == 1 {
			first++
		}
	}
	if after := len(c.ReadCommitted(t, s.out)); after != before+users || first != 2*users {
		t.Errorf("%d outputs after %d, %d of them say that a user is new, want %d", after, before, first, 2*users)
	}
}
