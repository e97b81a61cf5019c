package codecs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// text reads one field as VARCHAR from the JSON value given.
func text(t *testing.T, value string) (string, error) {
	t.Helper()
	o, err := orders.Decode([]byte(`{"order_id":` + value + `}`))
	if err == nil && !o.ID.Valid {
		t.Errorf("%s was read as null", value)
	}
	return o.ID.V, err
}

func TestTextTakesNumbersAndBooleansByTheirSourceText(t *testing.T) {
	for source, want := range map[string]string{
		`"x"`: "x", `""`: "", `1e2`: "1e2", `1E+2`: "1E+2", `1.50`: "1.50", `-0.0`: "-0.0", `12345678901234567890`: "12345678901234567890",
		`1e400`: "1e400", `true`: "true", `false`: "false", `"a\u0000b"`: "a\x00b", `"\u00e9\n\"\ud83d\ude00"`: "é\n\"😀", `" 7 "`: " 7 ",
		`{"b": 1, "a":[1, 2]}`: `{"b":1,"a":[1,2]}`,
		`[ ]`:                  `[]`,
		`[1.50, 1e2, {"b":1, "b":2}, "\u00e9\/\t"]`: `[1.50,1e2,{"b":1,"b":2},"é/\t"]`,
	} {
		if got, err := text(t, source); err != nil || got != want {
			t.Errorf("%s was read as %q, %v; want %q", source, got, err, want)
		}
	}
}

func TestAmountsTakeNumbersAndText(t *testing.T) {
	for source, want := range map[string]string{
		`66.6`: "66.6", `"100.00"`: "100", `" 1e2 "`: "100", `-5`: "-5", `1E2`: "100", `"+80"`: "80", `"\u0038"`: "8", `0`: "0",
	} {
		o, err := orders.Decode([]byte(`{"real_pay":` + source + `}`))
		if err != nil || !o.Paid.Valid || o.Paid.V.String() != want {
			t.Errorf("%s was read as %v, %v; want %s", source, o.Paid, err, want)
		}
	}
	for _, source := range []string{
		`""`, `" "`, `"80f"`, `"NaN"`, `"Infinity"`, `"0x1p3"`, `true`, `false`, `{"a":1}`, `[1]`, `1e400`, `1e15`, `"1e-999999999"`, `1e-999999999`,
	} {
		var field *FieldError
		o, err := orders.Decode([]byte(`{"real_pay":` + source + `}`))
		if !errors.As(err, &field) || field.Field != "real_pay" || field.Text != strings.Trim(source, `"`) {
			t.Errorf("%s was read as %v, %v; want an error that names field and text", source, o.Paid, err)
		}
	}
}

func TestBigintsTakeNumbersTruncatedAndTextThatIsAnInteger(t *testing.T) {
	for source, want := range map[string]int64{
		`12.7`: 12, `12.0`: 12, `-1.9`: -1, `1e3`: 1000, `"15"`: 15, `" 15 "`: 15, `9223372036854775807`: 1<<63 - 1, `"-1"`: -1,
	} {
		o, err := orders.Decode([]byte(`{"gmt_modified":` + source + `}`))
		if err != nil || o.At != NotNull(want) {
			t.Errorf("%s was read as %v, %v; want %d", source, o.At, err, want)
		}
	}
	for _, source := range []string{`"12.7"`, `"1e3"`, `""`, `true`, `9223372036854775808`, `"9223372036854775808"`, `1e999999999`, `[]`} {
		var field *FieldError
		if o, err := orders.Decode([]byte(`{"gmt_modified":` + source + `}`)); !errors.As(err, &field) || field.Field != "gmt_modified" {
			t.Errorf("%s was read as %v, %v; want an error that names the field", source, o.At, err)
		}
	}
}

func TestOffendingTextsAreCutInErrors(t *testing.T) {
	_, err := orders.Decode([]byte(`{"real_pay":"` + strings.Repeat("é", 1000) + `"}`))
	if want := `field "real_pay": "` + strings.Repeat("é", 64) + `…" is not a decimal number`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestFieldsOfARecord(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		want order
	}{
		"missing is null":              {`{}`, order{}},
		"null is null":                 {`{"order_id":null,"real_pay":null,"gmt_modified":null}`, order{}},
		"unknown is ignored":           {`{"x":{"order_id":"no","order_id":[1,{}]},"order_id":"a","y":[]}`, order{ID: NotNull("a")}},
		"the last of equal names":      {`{"order_id":"a","order_id":"b"}`, order{ID: NotNull("b")}},
		"the last of equal names: no":  {`{"order_id":"a","order_id":null}`, order{}},
		"names are case-sensitive":     {`{"Order_id":"a","ORDER_ID":"b"}`, order{}},
		"names may be escaped":         {`{"order\u005fid":"a"}`, order{ID: NotNull("a")}},
		"white space is no matter":     {" \r\n\t{ \"order_id\" : \"a\" } \n", order{ID: NotNull("a")}},
		"an array of one is a record":  {`[{"order_id":"a"}]`, order{ID: NotNull("a")}},
		"escapes in name and value":    {`{"\u006frder_id":"\u0061","order_id":"\u0062"}`, order{ID: NotNull("b")}},
		"fields after one with a list": {`{"order_id":[1],"gmt_modified":2}`, order{ID: NotNull("[1]"), At: NotNull[int64](2)}},
	} {
		got, err := orders.Decode([]byte(c.json))
		if err != nil || !sameOrder(got, c.want) {
			t.Errorf("%s: %s was read as %+v, %v", name, c.json, got, err)
		}
	}
}

// each returns the ids that DecodeEach yields.
func each(b string) (ids []string, err error) {
	err = orders.DecodeEach([]byte(b), func(o order) error {
		ids = append(ids, o.ID.Or("null"))
		return nil
	})
	return ids, err
}

func TestATopLevelArrayIsSeveralRecords(t *testing.T) {
	for b, want := range map[string]string{
		``:                                       "[]",
		`[]`:                                     "[]",
		`{"order_id":1}`:                         "[1]",
		` [ {"order_id":1} , {},{"order_id":3}]`: "[1 null 3]",
	} {
		if ids, err := each(b); err != nil || fmt.Sprint(ids) != want {
			t.Errorf("%q: %v, %v; want %s", b, ids, err, want)
		}
	}
}

func TestAnErrorAnywhereRefusesTheWholeInput(t *testing.T) {
	for _, b := range []string{
		`[{},{},{"real_pay":"x"}]`, `[{},{},null]`, `[{},[]]`, `[{}`, `[{},]`, `[{}] 1`, `[{}]]`, `{} {}`, `{}x`, `{}{}`,
		`null`, `7`, `"x"`, `true`, `[1]`, `[[{}]]`, ` `, `nope`, `{`, `{"a"}`, `{"a":1,}`, `{'a':1}`, `{a:1}`, "{\"a\":\"\xff\"}",
		"{\"\xff\":1}", `{"a":"\ud800"}`, `{"order_id":01}`, `{"order_id":NaN}`, "{\"order_id\":\"\n\"}", "\ufeff{}", `{"a":1 "b":2}`,
	} {
		if ids, err := each(b); err == nil || ids != nil {
			t.Errorf("%q yielded %v, %v", b, ids, err)
		}
	}
	_, err := each(`[{},{},{"real_pay":"x"}]`)
	if want := `record 3 of the array: field "real_pay": "x" is not a decimal number`; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAnErrorOfTheCallerEndsTheLoop(t *testing.T) {
	stop, n := errors.New("stop"), 0
	err := orders.DecodeEach([]byte(`[{},{},{}]`), func(order) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("%v after %d records", err, n)
	}
}

func TestDecodeWantsExactlyOneRecord(t *testing.T) {
	for _, b := range []string{``, `[]`, `[{},{}]`} {
		if o, err := orders.Decode([]byte(b)); err == nil || !strings.Contains(err.Error(), "want exactly one") {
			t.Errorf("%q was read as %v, %v", b, o, err)
		}
	}
}

func TestAYieldMayDecodeItself(t *testing.T) {
	var ids []string
	err := orders.DecodeEach([]byte(`[{"order_id":"[{},{}]"},{"order_id":"[{}]"}]`), func(o order) error {
		inner, err := each(o.ID.V)
		ids = append(ids, inner...)
		return err
	})
	if err != nil || len(ids) != 3 {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestEncodeWritesFieldsInOrderAndLeavesNullsOut(t *testing.T) {
	for want, o := range map[string]order{
		`{}`: {},
		`{"order_id":"\"<1>\"","real_pay":100,"gmt_modified":-1}`: {NotNull(`"<1>"`), NotNull(amount(t, "1e2")), NotNull[int64](-1)},
		`{"real_pay":0.5}`:   {Paid: NotNull(amount(t, "0.50"))},
		`{"gmt_modified":0}`: {At: NotNull[int64](0)},
	} {
		if got := string(mustEncode(t, orders, o)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestObjectReadsBackWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o order
		if rapid.Bool().Draw(t, "has id") {
			o.ID = NotNull(rapid.String().Draw(t, "id"))
		}
		if rapid.Bool().Draw(t, "has amount") {
			d, err := ParseDecimal(rapid.StringMatching(`-?[0-9]{1,15}(\.[0-9]{0,20})?`).Draw(t, "amount"))
			if err != nil {
				t.Fatal(err)
			}
			o.Paid = NotNull(d)
		}
		if rapid.Bool().Draw(t, "has time") {
			o.At = NotNull(rapid.Int64().Draw(t, "time"))
		}
		b, err := orders.Encode(nil, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := orders.Decode(b)
		if err != nil || !sameOrder(got, o) {
			t.Fatalf("%+v became %s became %+v, %v", o, b, got, err)
		}
	})
}

// pair reads two text fields, so that nothing but JSON itself can be wrong.
type pair struct{ A, B Text }

var pairs = Object(
	TextField("a", func(p *pair) *Text { return &p.A }),
	TextField("b", func(p *pair) *Text { return &p.B }),
)

// FuzzObject holds Object against encoding/json: what Object accepts is JSON, and an
// object that encoding/json accepts is accepted, with the same field texts.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{"a":"x","b":1.50}`, `{"a":{"c": [1, 2]},"b":true,"a":null}`, `[{"a":"\u00e9"},{"b":-0.0}]`, `{"a":"\ud83d\ude00"}`, `{"A":1}`, `null`,
		`{"a":1e400} x`, ``, ` `, `[]`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"\u0061":[{"b":1,"b":2}]}`, `{"real_pay":"1e-999999999","gmt_modified":1e9}`,
		string(shopOrderJSON), `{"order_id":1.50,"real_pay":" 1e2 ","gmt_modified":12.7,"real_pay":null}`, `{"gmt_modified":" 7 ","real_pay":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAsReference(t, b)
		got, err := pairs.Decode(b)
		if err == nil && !json.Valid(b) {
			t.Fatalf("%q is no JSON, but was read as %+v", b, got)
		}
		var want map[string]json.RawMessage
		object := bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{"))
		if !object || !utf8.Valid(b) || loneSurrogate(b) || json.Unmarshal(b, &want) != nil {
			return
		}
		if err != nil {
			t.Fatalf("%q is JSON, but was refused: %v", b, err)
		}
		sameText(t, got.A, want["a"])
		sameText(t, got.B, want["b"])
	})
}

// loneSurrogate reports whether b may hold half of a \ud83d\ude00: encoding/json
// replaces it with U+FFFD, Object refuses it.
func loneSurrogate(b []byte) bool { return bytes.Contains(bytes.ToLower(b), []byte(`\ud`)) }

func sameText(t *testing.T, got Text, source json.RawMessage) {
	t.Helper()
	if len(source) == 0 || string(source) == "null" {
		if got.Valid {
			t.Fatalf("%s was read as %q", source, got.V)
		}
		return
	}
	want := string(source)
	switch source[0] {
	case '"':
		if err := json.Unmarshal(source, &want); err != nil {
			t.Fatal(err)
		}
	case '{', '[':
		got.V, want = reformatted(t, got.V), reformatted(t, want)
	}
	if !got.Valid || got.V != want {
		t.Fatalf("%s was read as %q, want %q", source, got.V, want)
	}
}

// reformatted evens out white space and how strings are escaped.
func reformatted(t *testing.T, source string) string {
	var v any
	dec := json.NewDecoder(strings.NewReader(source))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: %v", source, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
