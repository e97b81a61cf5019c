package codecs

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func TestNullIsNullInEveryEncoding(t *testing.T) {
	var zero struct {
		T Text    `cbor:"1,keyasint,omitzero" json:"t,omitzero"`
		D Decimal `cbor:"2,keyasint,omitzero" json:"d,omitzero"`
	}
	if b := mustEncode(t, Compact[Text](1), Text{}); !bytes.Equal(b, []byte{1, cborNull}) {
		t.Errorf("in CBOR: % x", b)
	}
	if b := mustEncode(t, JSON[Bigint](), Bigint{}); string(b) != "null" {
		t.Errorf("in JSON: %s", b)
	}
	b, err := cbor.Marshal(zero)
	if err != nil || !bytes.Equal(b, []byte{0xa0}) {
		t.Errorf("omitted in CBOR: % x, %v", b, err)
	}
	if b, err := json.Marshal(zero); err != nil || string(b) != "{}" {
		t.Errorf("omitted in JSON: %s, %v", b, err)
	}
}

func TestEmptyTextIsNotNull(t *testing.T) {
	for _, c := range []Codec[Text]{JSON[Text](), Compact[Text](1)} {
		if got, err := c.Decode(mustEncode(t, c, NotNull(""))); err != nil || got != NotNull("") {
			t.Errorf("%T: %v, %v", c, got, err)
		}
	}
}

func TestReadingANullForgetsTheValueThatWasThere(t *testing.T) {
	n, m := NotNull("x"), NotNull("x")
	if err := n.UnmarshalJSON([]byte("null")); err != nil || n != (Text{}) {
		t.Errorf("JSON: %v, %v", n, err)
	}
	if err := m.UnmarshalCBOR([]byte{cborNull}); err != nil || m != (Text{}) {
		t.Errorf("CBOR: %v, %v", m, err)
	}
}

// sameAsLibrary compares Null's CBOR with that of the bare value.
func sameAsLibrary[T any](t interface{ Fatalf(string, ...any) }, v T, same func(a, b T) bool) {
	want, err := compactEncoding.Marshal(v)
	if err != nil {
		t.Fatalf("%v: %v", v, err)
	}
	got, err := NotNull(v).MarshalCBOR()
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%v: % x, %v; the library writes % x", v, got, err, want)
	}
	var back Null[T]
	if err := back.UnmarshalCBOR(got); err != nil || !back.Valid || !same(back.V, v) {
		t.Fatalf("%v came back as %v, %v", v, back, err)
	}
}

func equal[T comparable](a, b T) bool { return a == b }

func TestNullWritesTheSameCBORAsTheLibrary(t *testing.T) {
	for _, size := range []int{0, 1, 23, 24, 255, 256, 65535, 65536} {
		sameAsLibrary(t, strings.Repeat("x", size), equal)
		sameAsLibrary(t, decimal.NewFromBigInt(amount(t, "1"+strings.Repeat("0", size)).Coefficient(), 2), decimal.Decimal.Equal)
	}
	for _, n := range []int64{0, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64} {
		sameAsLibrary(t, n, equal)
		sameAsLibrary(t, ^n, equal)
	}
	sameAsLibrary(t, true, equal)
	sameAsLibrary(t, 1.5, equal)
	sameAsLibrary(t, instant(t, "2021-03-25T12:03:00.5Z"), time.Time.Equal)
	sameAsLibrary(t, event{ID: 7}, equal)
	rapid.Check(t, func(t *rapid.T) {
		sameAsLibrary(t, rapid.String().Draw(t, "text"), equal)
		sameAsLibrary(t, rapid.Int64().Draw(t, "integer"), equal)
		sameAsLibrary(t, decimal.New(rapid.Int64().Draw(t, "digits"), rapid.Int32Range(-10000, 10000).Draw(t, "exponent")), decimal.Decimal.Equal)
	})
}

func TestNullRefusesDamagedCBOR(t *testing.T) {
	for _, b := range [][]byte{nil, {0x61}, {0x78}, {0x62, 'a'}, {0x61, 'a', 'b'}, {0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x18}, {0x43, 0, 0, 0}, {0xff}, {0x01, 0x01}} {
		var text Text
		var number Bigint
		var sum Decimal
		for _, err := range []error{text.UnmarshalCBOR(b), number.UnmarshalCBOR(b), sum.UnmarshalCBOR(b)} {
			if err == nil {
				t.Errorf("% x was read", b)
			}
		}
		if text != (Text{}) || number != (Bigint{}) || sum != (Decimal{}) {
			t.Errorf("% x left a value behind", b)
		}
	}
}
