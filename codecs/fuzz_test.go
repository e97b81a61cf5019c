package codecs

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

type fuzzed struct {
	Name   string         `json:"name"`
	Amount Decimal        `json:"amount"`
	Count  Bigint         `json:"count,omitzero"`
	At     time.Time      `json:"at"`
	Of     []string       `json:"of"`
	By     map[string]int `json:"by,omitempty"`
	Part   *struct {
		Half float64 `json:"half"`
	} `json:"part"`
}

// What is read is written and read again as the same.
func FuzzJSON(f *testing.F) {
	c := JSON[fuzzed]()
	f.Add([]byte(`{"name":"a","amount":12.50,"count":7,"at":"2021-03-25T12:00:00Z","of":["x","y"],"by":{"k":1},"part":{"half":0.5}}`))
	f.Add([]byte(`{"name":"\u0041\ud83d\ude00","amount":null,"count":null,"of":null,"part":null}`))
	f.Add([]byte(`{"amount":1e20,"count":"9223372036854775807"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := c.Decode(b)
		if err != nil {
			return
		}
		once, err := c.Encode(nil, v)
		if err != nil {
			return // a value that JSON can't hold, such as a year of five digits
		}
		again, err := c.Decode(once)
		if err != nil {
			t.Fatalf("%s became %s: %v", b, once, err)
		}
		if twice, err := c.Encode(nil, again); err != nil || !bytes.Equal(twice, once) {
			t.Errorf("%s became %s became %s, %v", b, once, twice, err)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, text := range []string{"0", "-12.50", " 7 ", "1e5", "9223372036854775808", "0.0000000001", "1e-400", "+3", ".5", "1E+2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := ParseBigint(text); err == nil {
			if d, err := ParseDecimal(text); err == nil && d.Truncate(0).BigInt().Int64() != n {
				t.Errorf("%q is %d as a whole number, and %v as a decimal", text, n, d)
			}
		}
		d, err := ParseDecimal(text)
		if err != nil || d.Exponent() < -2000 || d.Exponent() > 2000 {
			return
		}
		if again, err := ParseDecimal(d.String()); err != nil || !again.Equal(d) {
			t.Errorf("%q became %s became %v, %v", text, d, again, err)
		}
	})
}

func FuzzOrdered(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte("text"))
	f.Add([]byte{0, 'a', 0xd8, 0x3d, 0xde, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, "string", OrderedString(), b)
		check(t, "string of Java", OrderedJavaString(), b)
		check(t, "int64", OrderedInt64(), b)
		check(t, "time", OrderedTime(), b)
	})
}

func check[V any](t *testing.T, what string, c Ordered[V], b []byte) {
	t.Helper()
	v, err := c.Decode(b)
	if err != nil {
		return
	}
	again, err := c.Decode(c.Append(nil, v))
	if err != nil || !reflect.DeepEqual(again, v) {
		t.Errorf("%s %x: %v became %v, %v", what, b, v, again, err)
	}
}
