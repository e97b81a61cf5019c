package codecs

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// manyNames has more fields than are looked for one by one.
type manyNames struct{ Fields [manyFields + 2]Text }

var manyNamed = func() *ObjectCodec[manyNames] {
	var fields []Field[manyNames]
	for i := range manyFields + 2 {
		fields = append(fields, TextField(fmt.Sprintf("f%d", i), func(m *manyNames) *Text { return &m.Fields[i] }))
	}
	return Object(fields...)
}()

// twoNames reads two names into one text: whichever comes last counts.
var twoNames = Object(
	TextField("a", func(p *pair) *Text { return &p.A }),
	TextField("b", func(p *pair) *Text { return &p.A }),
)

// bothWays reads b on the short way and on the long one. Where the short one
// succeeds, the long one must say the same.
func bothWays[V any](t interface{ Fatalf(string, ...any) }, c *ObjectCodec[V], b []byte) (short bool) {
	got, ok := c.plain(b)
	if !ok {
		return false
	}
	want, err := c.decode(b)
	if err != nil || len(want) != 1 || !sameValue(reflect.ValueOf(got), reflect.ValueOf(want[0])) {
		t.Fatalf("%q is read as %+v on the short way, as %+v, %v on the long one", b, got, want, err)
	}
	return true
}

func inEveryWay(t interface{ Fatalf(string, ...any) }, b []byte) (short bool) {
	short = bothWays(t, pairs, b)
	bothWays(t, orders, b)
	bothWays(t, manyNamed, b)
	bothWays(t, twoNames, b)
	return short
}

func TestPlainRecordsAreReadTheShortWay(t *testing.T) {
	long := strings.Repeat("é", maxGathered)
	for _, b := range []string{
		`{}`, ` { } `, `{"a":"x"}`, "\t{\r\n\"a\" : \"x\" ,\n\"b\":null } ", `{"a":true,"b":false}`, `{"a":1.50,"b":-0e+10}`, `{"a":"é","é":1}`,
		`{"a":"x","a":null}`, `{"a":null,"a":"x"}`, `{"b":"` + long + `","a":"` + long + `"}`, `{"a":"` + long + `","a":"x"}`, `{"a":"x","a":"` + long + `"}`,
		"{\"a\":\"\u007f\u2028😀\"}", `{"order_id":7,"real_pay":" 1e2 ","gmt_modified":12.7,"x":0}`, string(shopOrderJSON), `{"":""}`,
	} {
		if !inEveryWay(t, []byte(b)) {
			t.Errorf("%q is not read the short way", b)
		}
	}
}

func TestAnythingElseIsLeftToTheLongWay(t *testing.T) {
	for _, b := range []string{
		``, ` `, `[]`, `[{}]`, `null`, `{`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1}}`, `{"a":1} x`, `{,}`, `{"a" 1}`, `{"a":1 "b":2}`,
		`{"a":"\n"}`, `{"\u0061":1}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "{\"\xff\":1}", "{\"a\":\"\xed\xa0\x80\"}", "\ufeff{}", "{\"a\":1}\x00",
		`{"a":{}}`, `{"a":[]}`, `{"x":[]}`, `{"a":01}`, `{"a":-}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`, `{"a":1e}`, `{"a":1e+}`, `{"a":0x1}`, `{"a":--1}`, `{"a":1.2.3}`,
		`{"a":nul}`, `{"a":nulll}`, `{"a":True}`, `{"a":truefalse}`, `{a:1}`, `{'a':1}`, `{"a":NaN}`, "{\"a\":\v1}", "{\"a\":1\f}", `{"a":"x}`, "{\"aaaaaaaa\x1f\":1}",
		"{\"a\":\"aa\xff\",\"b\":\"longer\"}", "{\"a\":\"aaaaaaaa\xff\",\"b\":\"longer\"}", "{\"a\":\"aaaaaaaaaa\xc3\",\"b\":\"longer\"}", "{\"a\":\"aaa\x1f\",\"b\":\"longer\"}",
	} {
		if inEveryWay(t, []byte(b)) {
			t.Errorf("%q is read the short way", b)
		}
	}
	if bothWays(t, orders, []byte(`{"real_pay":"x"}`)) {
		t.Error("a damaged field is read the short way")
	}
}

func TestBothWaysAgreeOnRandomRecords(t *testing.T) {
	name := rapid.OneOf(rapid.SampledFrom([]string{`"a"`, `"b"`, `"f1"`, `"f17"`, `"order_id"`, `"real_pay"`, `"gmt_modified"`, `"x"`}), rapid.Map(rapid.String(), func(s string) string {
		return string(mustEncodeText(s))
	}))
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`)
	v := rapid.OneOf(name, number, rapid.SampledFrom([]string{"null", "true", "false", `""`, `" 7 "`, `"1e2"`, "[]", "{}", "01"}))
	space := rapid.SampledFrom([]string{"", "", " ", "\n\t"})
	rapid.Check(t, func(t *rapid.T) {
		var members []string
		for range rapid.IntRange(0, 8).Draw(t, "members") {
			members = append(members, space.Draw(t, "space")+name.Draw(t, "name")+space.Draw(t, "space")+":"+space.Draw(t, "space")+v.Draw(t, "value"))
		}
		b := []byte("{" + strings.Join(members, ",") + space.Draw(t, "space") + "}")
		inEveryWay(t, b)
		if n := len(b); n > 0 { // damage it
			b[rapid.IntRange(0, n-1).Draw(t, "at")] = rapid.Byte().Draw(t, "damage")
			inEveryWay(t, b)
			inEveryWay(t, b[:rapid.IntRange(0, n).Draw(t, "cut")])
		}
	})
}

func mustEncodeText(s string) []byte {
	b, err := JSON[string]().Encode(nil, s)
	if err != nil {
		panic(err)
	}
	return b
}

// FuzzObjectPlain holds the short way of reading objects against the long one.
func FuzzObjectPlain(f *testing.F) {
	for _, seed := range []string{
		`{"a":"x","b":1.50,"real_pay":"1e2","gmt_modified":12.7,"f17":null}`, ` {"a" : true , "a":null}`, `{"a":"é","b":"\u00e9"}`, `{"order_id":7,"x":[{}]}`,
		string(shopOrderJSON), `{"a":"` + strings.Repeat("x", 70) + `","a":"y"}`, `{"real_pay":100.250,"gmt_modified":9223372036854775807}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		inEveryWay(t, b)
		bothWays(t, shopOrders, b)
	})
}

func TestFallbacksAreCounted(t *testing.T) {
	c := Object(TextField("a", func(p *pair) *Text { return &p.A }))
	for i, b := range []string{`{"a":"\n"}`, `[{"a":1}]`, `{"x":{}}`, `{"a":`} {
		_ = c.DecodeEach([]byte(b), func(pair) error { return nil })
		if got := c.Fallbacks(); got != int64(i+1) {
			t.Errorf("%s: %d fallbacks, want %d", b, got, i+1)
		}
	}
	for _, b := range []string{``, `{"a":"x"}`, `{}`} {
		_ = c.DecodeEach([]byte(b), func(pair) error { return nil })
		_, _ = c.Decode([]byte(b))
	}
	if got := c.Fallbacks(); got != 4 {
		t.Errorf("plain records are counted as well: %d", got)
	}
}

func TestARecordLeavesNothingBehindForTheNext(t *testing.T) {
	for range 10 {
		for _, b := range []string{`{"order_id":"a","real_pay":1,"gmt_modified":2}`, `{"order_id":"a","real_pay":1,"gmt_modified":"x"}`, `{"order_id":"a"`} {
			_, _ = orders.Decode([]byte(b))
			if o, err := orders.Decode([]byte(`{}`)); err != nil || o != (order{}) {
				t.Fatalf("after %s an empty record is read as %+v, %v", b, o, err)
			}
		}
	}
}
