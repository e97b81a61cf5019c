package cep

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/codecs"
)

// Stored rows and events are refused or read, and what is read is written and read again as the same.

func FuzzRuns(f *testing.F) {
	b, _ := runsCodec{}.Encode(nil, Runs{&runsState{seq: 7, arrived: 300, waiting: 2, timer: 1616673600000, stored: 5, swept: 1,
		rules: []ruleRuns{{"cart", "4e9842b090561576", []byte{1, 2, 3}}},
		ended: []lastEnd{{"cart", []byte("e"), []nfa.Ended{{Why: nfa.ByMiss, Runs: 2, Steps: []string{"next"}, Began: 1000, At: 1000}}}},
	}})
	f.Add(b)
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := runsCodec{}.Decode(b)
		if err != nil {
			return
		}
		once, err := runsCodec{}.Encode(nil, r)
		if err != nil || len(once) > (runsCodec{}).Bound(r) {
			t.Fatalf("%x: %d bytes of at most %d, %v", b, len(once), (runsCodec{}).Bound(r), err)
		}
		again, err := runsCodec{}.Decode(once)
		if err != nil {
			t.Fatalf("%x became %x: %v", b, once, err)
		}
		if twice, _ := (runsCodec{}).Encode(nil, again); !bytes.Equal(twice, once) {
			t.Errorf("%x became %x became %x", b, once, twice)
		}
	})
}

func FuzzTaken(f *testing.F) {
	c := takenCodec[string]{codecs.String()}
	b, _ := c.Encode(nil, taken[string]{event: &nfa.Event[string]{Time: 1616673600000, Value: "view"}, by: []places{{0xabcdef01, []byte{1, 0, 0}}}})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { readAgain(t, c, b) })
}

// Rules that came as data are stored as their documents. A document that says anything is one here.
func FuzzStoredRules(f *testing.F) {
	read := func(doc []byte) (Version[string, string], error) {
		name, _, _ := strings.Cut(string(doc), " ")
		return Version[string, string]{Rule: Rule[string, string]{Name: name}, Elsewhere: true}, nil
	}
	c := liveCodec[string, string, string]{&detector[string, string, string]{live: &Live[string, string]{Read: read}}}
	b, _ := storedCodec.Encode(nil, storedRules{Serial: 7, Ended: []storedEnd{{"gone", 1616673600000}}, Versions: []storedVersion{
		{"cart", 1, 1616673600000, 1616673700000, []byte("cart {}")}, {"cart", 2, 1616673700000, 0, []byte("cart {1}")},
	}})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { readAgain(t, c, b) })
}

func readAgain[V any](t *testing.T, c codecs.Codec[V], b []byte) {
	v, err := c.Decode(b)
	if err != nil {
		return
	}
	once, err := c.Encode(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Decode(once)
	if err != nil {
		t.Fatalf("%x became %x: %v", b, once, err)
	}
	if twice, _ := c.Encode(nil, again); !bytes.Equal(twice, once) {
		t.Errorf("%x became %x became %x", b, once, twice)
	}
}
