package codecs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// A second reading of an order, made of encoding/json's tokens and of the rules as
// ObjectCodec's documentation has them. Where the two differ, and may:
//
//   - invalid UTF-8, and half of a surrogate pair, is refused; encoding/json replaces
//     it with U+FFFD;
//   - a text that is an object or an array loses white space and needless escapes.
//
// Everything else is the same: of a name that occurs twice the last counts and each
// must be readable, numbers as text are their source text, names match exactly.

var errUnreadable = errors.New("unreadable")

// referenceOrder returns an error wrapping errUnreadable if a field can't be read,
// and another one if b is not one JSON object.
func referenceOrder(b []byte) (o order, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return o, fmt.Errorf("no object: %v, %w", token, errOr(err))
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return o, err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return o, err
		}
		if err := o.set(name.(string), raw); err != nil {
			return o, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return o, err
	}
	if token, err := dec.Token(); err != io.EOF {
		return o, fmt.Errorf("%v follows, %w", token, errOr(err))
	}
	return o, nil
}

func errOr(err error) error {
	if err != nil {
		return err
	}
	return errors.ErrUnsupported
}

// set goes on reading after an unreadable field: damage further behind counts first
// for encoding/json, and only later for ObjectCodec. Both refuse the record.
func (o *order) set(name string, raw json.RawMessage) (err error) {
	var text string
	_ = json.Unmarshal(raw, &text) // of others it is ""
	kind := raw[0]
	if kind == '-' || kind-'0' <= 9 {
		kind, text = '0', string(raw)
	}
	switch {
	case name == "order_id":
		if kind != '"' {
			text = string(raw)
		}
		o.ID = Text{V: text, Valid: kind != 'n'}
		if kind == 'n' {
			o.ID.V = ""
		}
	case name == "real_pay" && kind == 'n':
		o.Paid = Decimal{}
	case name == "gmt_modified" && kind == 'n':
		o.At = Bigint{}
	case (name == "real_pay" || name == "gmt_modified") && kind != '0' && kind != '"':
		return fmt.Errorf("%w: %s", errUnreadable, raw)
	case name == "real_pay":
		o.Paid.V, err = ParseDecimal(text)
		o.Paid.Valid = true
	case name == "gmt_modified":
		o.At.V, err = referenceBigint(kind, text)
		o.At.Valid = true
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return nil
}

// referenceBigint truncates numbers by big.Rat.
func referenceBigint(kind byte, text string) (int64, error) {
	if kind == '"' {
		return strconv.ParseInt(strings.TrimFunc(text, func(r rune) bool { return r <= ' ' }), 10, 64)
	}
	if _, exponent, found := strings.Cut(strings.ToLower(text), "e"); found && len(exponent) > 4 {
		return truncateBigint([]byte(text)) // big.Rat would write it out
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, errNotInteger
	}
	whole := new(big.Int).Quo(r.Num(), r.Denom())
	if !whole.IsInt64() {
		return 0, errOutOfBigint
	}
	return whole.Int64(), nil
}

// sameAsReference holds ObjectCodec against that reading.
func sameAsReference(t testing.TB, b []byte) {
	t.Helper()
	if !utf8.Valid(b) || loneSurrogate(b) {
		return
	}
	got, err := orders.Decode(b)
	want, wantErr := referenceOrder(b)
	if bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("[")) || len(b) == 0 {
		return // several records, or none
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q is read as %+v, %v; by encoding/json as %+v, %v", b, got, err, want, wantErr)
	}
	if err != nil {
		if field := new(FieldError); errors.As(err, &field) && wantErr != nil && !errors.Is(wantErr, errUnreadable) && json.Valid(b) {
			t.Fatalf("%q: %v; encoding/json says %v", b, err, wantErr)
		}
		return
	}
	if nested := strings.HasPrefix(want.ID.V, "{") || strings.HasPrefix(want.ID.V, "["); nested {
		got.ID, want.ID = Text{}, Text{} // FuzzObject compares them
	}
	if !sameValue(reflect.ValueOf(got), reflect.ValueOf(want)) {
		t.Fatalf("%q is read as %+v, by encoding/json as %+v", b, got, want)
	}
}

func TestObjectReadsAsEncodingJSONWithTheRulesOfItsOwn(t *testing.T) {
	for _, b := range []string{
		string(shopOrderJSON), `{"order_id":1e2,"real_pay":"1e2","gmt_modified":12.7}`, `{"order_id":true,"order_id":null}`, `{"order_id":"\u00e9\n"}`,
		`{"real_pay":"x","real_pay":1}`, `{"real_pay":true}`, `{"gmt_modified":"12.7"}`, `{"gmt_modified":" 7 "}`, `{"gmt_modified":-9223372036854775808.9}`,
		`{"ORDER_ID":"x"}`, `{"real_pay":1e15}`, `{} {}`, `{"real_pay":"x"`, `null`, `{"order_id":[1, 2]}`, `{"gmt_modified":1e-9999}`,
	} {
		sameAsReference(t, []byte(b))
	}
}
