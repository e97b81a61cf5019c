package codecs

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// shapes has whatever a result can be made of, each in the ways in which it can be
// left out.
type shapes struct {
	Text     string `json:"text"`
	Named    named  `json:"named,omitempty"`
	Bare     level
	Flag     flag            `json:"flag,omitempty"`
	Wide     uint64          `json:"wide,omitzero"`
	Small    int8            `json:",omitzero"`
	Sum      Decimal         `json:"sum"`
	Zero     Decimal         `json:"zero-sum,omitzero"`
	Name     Null[named]     `json:"name"`
	Row      Null[payer]     `json:"row"`
	Until    Null[time.Time] `json:"until,omitzero"`
	At       time.Time       `json:"at,omitzero"`
	Inner    channelTotal    `json:"inner"`
	Skipped  int64           `json:"-"`
	unstored int64           //lint:ignore U1000 codecs leave it out
}

// pointers is left to encoding/json as a whole.
type pointers struct {
	Text string `json:"text"`
	Next *payer `json:"next"`
}

// quoted has an option that only encoding/json knows.
type quoted struct {
	N int64 `json:"n,string"`
}

// strange has a name that is not written as it is.
type strange struct {
	N int64 `json:"a<b"`
	M int64 `json:"a\"b"` //lint:ignore SA5008 that is what is tested
}

// checkSameJSON holds the parts against encoding/json, for random values of V.
func checkSameJSON[V any](t *testing.T, byParts bool) {
	t.Helper()
	c := JSON[V]().(jsonCodec[V])
	if w := c.quick.open(); (w != nil) != byParts {
		t.Fatalf("%T is done by parts: %t", *new(V), w != nil)
	}
	rapid.Check(t, func(t *rapid.T) {
		var v V
		fill(t, reflect.ValueOf(&v).Elem(), 0)
		want, wantErr := encodeJSON([]byte("head "), v)
		got, err := c.Encode([]byte("head "), v)
		if (err == nil) != (wantErr == nil) || string(got) != string(want) {
			t.Fatalf("%+v is written as\n%s, %v, by encoding/json as\n%s, %v", v, got, err, want, wantErr)
		}
	})
}

func TestJSONAgreesWithEncodingJSON(t *testing.T) {
	t.Run("a result", func(t *testing.T) { checkSameJSON[channelTotal](t, true) })
	t.Run("every kind", func(t *testing.T) { checkSameJSON[shapes](t, true) })
	t.Run("text", func(t *testing.T) { checkSameJSON[string](t, true) })
	t.Run("decimal", func(t *testing.T) { checkSameJSON[Decimal](t, true) })
	t.Run("instant", func(t *testing.T) { checkSameJSON[Null[time.Time]](t, true) })
	t.Run("nothing", func(t *testing.T) { checkSameJSON[struct{}](t, true) })
	t.Run("pointers", func(t *testing.T) { checkSameJSON[pointers](t, false) })
	t.Run("quoted", func(t *testing.T) { checkSameJSON[quoted](t, false) })
	t.Run("strange names", func(t *testing.T) { checkSameJSON[strange](t, false) })
	t.Run("embedding", func(t *testing.T) { checkSameJSON[embedding](t, false) })
	t.Run("empty structs", func(t *testing.T) {
		checkSameJSON[struct {
			A payer `json:",omitempty"`
		}](t, false)
	})
}

func TestJSONEscapesAsEncodingJSONDoes(t *testing.T) {
	for _, text := range []string{"", "a\"b", `a\b`, "\n\x00\x1f\x7f", "<&>", "é世😀", "\u2028\u2029", "\xff", "\xed\xa0\x80", "\u2027\u202a", "\xe2\x80"} {
		want, err := encodeJSON(nil, text)
		if got := mustEncode(t, JSON[string](), text); err != nil || string(got) != string(want) {
			t.Errorf("%q is written as %s, want %s", text, got, want)
		}
	}
}
