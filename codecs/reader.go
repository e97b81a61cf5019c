package codecs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// reader hands out the JSON values of one input. Readers are pooled; between uses
// they hold on to no input.
type reader struct {
	input    bytes.Buffer
	json     *jsontext.Decoder
	unquoted []byte // the last string that had escapes
}

// maxKept is the size, in bytes, above which a pooled buffer is let go.
const maxKept = 64 << 10

var readers = sync.Pool{New: func() any {
	r := new(reader)
	r.json = jsontext.NewDecoder(&r.input, jsonRules)
	return r
}}

var jsonRules = jsontext.AllowDuplicateNames(true)

func openReader(b []byte) *reader {
	r := readers.Get().(*reader)
	r.reset(b)
	return r
}

func (r *reader) close() {
	r.reset(nil)
	if cap(r.unquoted) > maxKept {
		r.unquoted = nil
	}
	readers.Put(r)
}

// reset makes the decoder read b itself, not a copy: it does so for a bytes.Buffer.
func (r *reader) reset(b []byte) {
	r.input = *bytes.NewBuffer(b)
	r.json.Reset(&r.input, jsonRules)
}

// value reads the next name or value.
func (r *reader) value() (value, error) {
	raw, err := r.json.ReadValue()
	if err != nil {
		return value{}, notJSON(err)
	}
	v := value{kind: raw.Kind(), text: raw}
	if v.kind == jsontext.KindString {
		v.text, err = r.unquote(raw)
	}
	return v, err
}

func (r *reader) unquote(raw jsontext.Value) ([]byte, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var err error
	if r.unquoted, err = jsontext.AppendUnquote(r.unquoted[:0], raw); err != nil {
		return nil, notJSON(err)
	}
	return r.unquoted, nil
}

// delimiter reads the bracket or brace that PeekKind has seen.
func (r *reader) delimiter() error {
	if _, err := r.json.ReadToken(); err != nil {
		return notJSON(err)
	}
	return nil
}

// end makes sure that nothing but white space follows.
func (r *reader) end() error {
	switch token, err := r.json.ReadToken(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return notJSON(err)
	default:
		return fmt.Errorf("not one JSON value: %s follows it", token.Kind())
	}
}

var errNotAnObject = errors.New("not a JSON object")

// notAnObject says what is there instead, be it JSON or not.
func (r *reader) notAnObject() error {
	v, err := r.value()
	if err != nil {
		return err
	}
	return fmt.Errorf("%w but %q", errNotAnObject, shorten(v.text))
}

func notJSON(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // white space only
	}
	return fmt.Errorf("not JSON: %w", err)
}
