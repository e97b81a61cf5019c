package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/internal/task"
)

// Whatever is written, before or while or after a store learns its keys, is found, and nothing else.
func TestAStoreThatKnowsItsKeysHasThoseWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "known")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		want := map[string]string{}
		var s *localStore
		open := func() {
			if s, err = openDB(filepath.Join(dir, "store"), "id"); err != nil {
				t.Fatal(err)
			}
		}
		open()
		defer func() { s.close() }()
		key := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("key-%d", rapid.IntRange(0, 300).Draw(t, "n")) })
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				ws := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) task.Write {
					w := task.Write{Key: key.Draw(t, "key")}
					if rapid.Bool().Draw(t, "put") {
						w.Value = []byte(rapid.StringN(1, 5, 5).Draw(t, "value"))
					}
					return w
				}), 1, 50).Draw(t, "writes")
				for _, w := range ws {
					if delete(want, w.Key); w.Value != nil {
						want[w.Key] = string(w.Value)
					}
				}
				if err := s.write(ws, 1); err != nil {
					t.Fatal(err)
				}
			},
			"open again": func(t *rapid.T) {
				if err := s.close(); err != nil {
					t.Fatal(err)
				}
				open()
			},
			"learn": func(t *rapid.T) {
				if err := s.learn(0); err != nil {
					t.Fatal(err)
				}
			},
			"learnt": func(t *rapid.T) {
				if s.lesson == nil {
					t.Skip("it has not begun")
				}
				<-s.lesson.done
			},
			"full": func(*rapid.T) {
				s.keys.mu.Lock()
				defer s.keys.mu.Unlock()
				s.keys.size = knownMost
			},
			"": func(t *rapid.T) {
				k := key.Draw(t, "look for")
				v, err := s.Get([]byte(k))
				if w, there := want[k]; err != nil || string(v) != w || (v != nil) != there {
					t.Fatalf("%s is %q (%v), want %q", k, v, err, w)
				}
			},
		})
		for k, w := range want {
			if v, err := s.Get([]byte(k)); err != nil || string(v) != w {
				t.Fatalf("%s is %q (%v), want %q", k, v, err, w)
			}
		}
	})
}

func TestAnEmptyStoreKnowsItsKeysAtOnce(t *testing.T) {
	x := newChangelogs(t)
	s, err := rebuildStore(t.Context(), x.admin, x.written(t.TempDir(), nil), rebuildBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.learn(time.Hour); err != nil {
		t.Fatal(err)
	}
	if s.keys.state.Load() != whole {
		t.Fatal("it does not")
	}
	if err := s.write([]task.Write{{Key: "row", Value: []byte("x")}}, 7); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for i := range 10_000 {
		if s.keys.may(fmt.Appendf(nil, "absent-%d", i)) {
			asked++
		}
	}
	if asked > 300 {
		t.Errorf("LevelDB is asked for %d of 10,000 keys that are not there", asked)
	}
	if offset, err := s.storedOffset(); offset != 7 || err != nil {
		t.Error("offset", offset, err)
	}
	if why, err := s.stale(); why != "" || err != nil {
		t.Error(why, err)
	}
}

// The parts of known together err about as seldom as one of them may.
func TestManyKeysAreKnown(t *testing.T) {
	var k known
	k.state.Store(whole)
	for i := range 200_000 {
		k.add(fmt.Appendf(nil, "%d%s", i, strings.Repeat("x", i%50)))
	}
	wrong := 0
	for i := range 200_000 {
		if !k.may(fmt.Appendf(nil, "%d%s", i, strings.Repeat("x", i%50))) {
			t.Fatalf("key %d is not known", i)
		}
		if k.may(fmt.Appendf(nil, "other-%d", i)) {
			wrong++
		}
	}
	if wrong > 200_000*3/100 {
		t.Errorf("%d of 200,000 other keys are thought to be there", wrong)
	}
}

func TestAStoreWithKeysThatAreGoneLearnsAnewWhenItsFilterIsFull(t *testing.T) {
	s, err := openDB(filepath.Join(t.TempDir(), "store"), "id")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.learn(0); err != nil {
		t.Fatal(err)
	}
	write := func(key string, value []byte) {
		t.Helper()
		if err := s.write([]task.Write{{Key: key, Value: value}}, 1); err != nil {
			t.Fatal(err)
		}
	}
	write("gone", []byte("x"))
	write("gone", nil)
	write("there", []byte("x"))
	s.keys.size = knownMost
	write("one too many", []byte("x"))
	if s.keys.state.Load() == whole {
		t.Fatal("it still believes its filter")
	}
	write("next", []byte("x"))
	<-s.lesson.done
	if s.keys.state.Load() != whole || s.keys.may([]byte("gone")) {
		t.Error("it has not learnt what is gone")
	}
	for _, k := range []string{"there", "one too many", "next"} {
		if !s.keys.may([]byte(k)) {
			t.Errorf("%q is not known", k)
		}
	}
}

func TestTooManyKeysAreNotLearnt(t *testing.T) {
	var k known
	k.begin()
	k.size = knownMost / 2
	k.add([]byte("x"))
	if k.end(); k.state.Load() != unknown || !k.may([]byte("absent")) || k.isFull() {
		t.Error("they are")
	}
}

func TestAStoreThatLearnsCanBeClosed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s, err := openDB(dir, "id")
	if err != nil {
		t.Fatal(err)
	}
	ws := make([]task.Write, 100_000)
	for i := range ws {
		ws[i] = task.Write{Key: fmt.Sprintf("%08d", i), Value: []byte("x")}
	}
	if err := s.write(ws, 1); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		if s, err = openDB(dir, "id"); err != nil {
			t.Fatal(err)
		}
		if err := s.learn(0); err != nil {
			t.Fatal(err)
		}
	}
	<-s.lesson.done
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}
