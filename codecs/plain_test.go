package codecs

import (
	"bytes"
	"math"
	"testing"
)

func TestPlainCodecsWriteTheseBytes(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want []byte
	}{
		{"text", mustEncode(t, String(), "né"), []byte("n\xc3\xa9")},
		{"bytes", mustEncode(t, Bytes(), []byte{0, 1}), []byte{0, 1}},
		{"0", mustEncode(t, Int64(), 0), []byte{0}},
		{"-1", mustEncode(t, Int64(), -1), []byte{1}},
		{"64", mustEncode(t, Int64(), 64), []byte{0x80, 1}},
		{"smallest", mustEncode(t, Int64(), math.MinInt64), append(bytes.Repeat([]byte{0xff}, 9), 1)},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, c.got, c.want)
		}
	}
}

func TestInt64ReadsBackWhatItWrites(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 63, -64, 64, 1 << 40, math.MaxInt64, math.MinInt64} {
		b := mustEncode(t, Int64(), n)
		if got, err := Int64().Decode(b); err != nil || got != n {
			t.Errorf("%d became %d, %v", n, got, err)
		}
		if bound := Int64().(Bounded[int64]).Bound(n); bound < len(b) {
			t.Errorf("bound of %d is %d, it has %d bytes", n, bound, len(b))
		}
	}
}

func TestInt64RefusesBytesThatAreNotOneVarint(t *testing.T) {
	for _, b := range [][]byte{nil, {0x80}, {0, 0}, bytes.Repeat([]byte{0xff}, 11)} {
		if n, err := Int64().Decode(b); err == nil {
			t.Errorf("% x was read as %d", b, n)
		}
	}
}

func TestDecodeDoesNotKeepItsInput(t *testing.T) {
	b := []byte("abc")
	text, _ := String().Decode(b)
	raw, _ := Bytes().Decode(b)
	in := []byte(`{"order_id":"abc"}`)
	o, err := orders.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	state := mustEncode(t, Compact[Text](1), NotNull("abc"))
	held, err := Compact[Text](1).Decode(state)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	clear(in)
	clear(state)
	if text != "abc" || string(raw) != "abc" || o.ID.V != "abc" || held.V != "abc" {
		t.Errorf("after the input was overwritten: %q %q %q %q", text, raw, o.ID.V, held.V)
	}
}

func TestEncodeAppends(t *testing.T) {
	head := []byte("head ")
	a, err1 := String().Encode(head, "x")
	b, err2 := JSON[int]().Encode(head, 7)
	c, err3 := orders.Encode(head, order{ID: NotNull("x")})
	d, err4 := Compact[int](1).Encode(head, 7)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		t.Fatal(err1, err2, err3, err4)
	}
	if string(a) != "head x" || string(b) != "head 7" || string(c) != `head {"order_id":"x"}` || string(d) != "head \x01\x07" {
		t.Errorf("%q %q %q %q", a, b, c, d)
	}
}
