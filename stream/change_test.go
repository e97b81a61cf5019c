package stream

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
)

func some(s string) *string { return &s }

// What lies in topics of users must be readable for ever: these bytes never change.
func TestChangesAreTheseBytes(t *testing.T) {
	for name, c := range map[string]struct {
		ch   Change[string]
		want string
	}{
		"new":              {Change[string]{After: some("new")}, "01026e6577"},
		"gone":             {Change[string]{Before: some("old")}, "01016f6c64"},
		"changed":          {Change[string]{some("old"), some("new")}, "0103000000036f6c646e6577"},
		"empty to empty":   {Change[string]{some(""), some("")}, "010300000000"},
		"a single nothing": {Change[string]{After: some("")}, "0102"},
	} {
		b, err := appendChange([]byte("head"), codecs.String(), c.ch)
		if err != nil || hex.EncodeToString(b) != hex.EncodeToString([]byte("head"))+c.want {
			t.Errorf("%s: %x, %v; was %s", name, b, err, c.want)
			continue
		}
		back, err := decodeChange(codecs.String(), b[4:])
		if err != nil || !equal(back.Before, c.ch.Before) || !equal(back.After, c.ch.After) {
			t.Errorf("%s came back as %v, %v", name, back, err)
		}
	}
}

func equal(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func TestBytesThatAreNoChangeAreRefused(t *testing.T) {
	for _, b := range []string{"", "\x01", "\x01\x00", "\x02\x01x", "\x01\x04x", "\x01\x03", "\x01\x03\x00\x00\x00", "\x01\x03\x00\x00\x00\x02x", "\x01\x03\xff\xff\xff\xffx"} {
		if ch, err := decodeChange(codecs.String(), []byte(b)); err == nil {
			t.Errorf("%q was read as %v", b, ch)
		}
	}
}

func FuzzDecodeChange(f *testing.F) {
	f.Add([]byte("\x01\x03\x00\x00\x00\x01ab"))
	f.Add([]byte("\x01\x02a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ch, err := decodeChange(codecs.String(), b)
		if err != nil {
			return
		}
		again, err := appendChange(nil, codecs.String(), ch)
		if err != nil || string(again) != string(b) {
			t.Fatalf("%q became %v became %q, %v", b, ch, again, err)
		}
	})
}

func TestSpansAreWrittenAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[int64]string{0: "ever", 24: "1d", 168: "7d", 25: "25h0m0s"} {
		if got := span(time.Duration(in) * time.Hour); got != want {
			t.Errorf("%d hours: %s, want %s", in, got, want)
		}
	}
}
