package tables

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Key is the type of a row's or record's key: a named string type per key space,
// so that the compiler refuses to join unlike keys.
type Key interface{ ~string }

// ErrKey is returned (wrapped) for a text that cannot be a key, and for one that is
// no composite key.
var ErrKey = errors.New("not a valid key")

// offsetKey is where goka keeps the offset of a table in the table's own store.
const offsetKey = "__offset"

// CheckKey reports why k cannot be a key, nil if it can. Refused are the empty key
// (goka takes it for none), "__offset" (goka's own), a key that contains 0x00 (it
// separates rows from their sub-rows) and one that is not valid UTF-8 (views and
// look-ups would show another one).
func CheckKey[K Key](k K) error {
	switch s := string(k); {
	case s == "":
		return fmt.Errorf("%w: it is empty", ErrKey)
	case s == offsetKey:
		return fmt.Errorf("%w: %q is reserved for goka", ErrKey, s)
	case strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("%w: %q contains the byte 0x00", ErrKey, s)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: %q is not valid UTF-8", ErrKey, s)
	}
	return nil
}

// Part is one part of a composite key: a text or null, which is not "". The zero
// Part is null. It has the shape of codecs.Text, so that one converts to the other:
//
//	tables.Part(order.Channel)
type Part struct {
	V     string
	Valid bool // false: null
}

// Text returns a part that is not null.
func Text(s string) Part { return Part{V: s, Valid: true} }

// The text form of a composite key: parts separated by |, null as \N (as MySQL and
// PostgreSQL dump it), and in a part \| for | and \\ for \.
const (
	separator = '|'
	escape    = '\\'
	null      = `\N`
)

// JoinKey makes a composite key. Its text form is unambiguous: other parts, or
// another number of them, give another key.
//
//	"2021-03-25", "webShop", "0007"   2021-03-25|webShop|0007
//	"a|b", `c\`, null, ""             a\|b|c\\|\N|
//
// It fails, with [ErrKey], where [CheckKey] refuses the result and when there are
// no parts. An accessor of the key type gets the parts back with [SplitKey].
func JoinKey[K Key](parts ...Part) (K, error) {
	if len(parts) == 0 {
		return "", fmt.Errorf("%w: it has no parts", ErrKey)
	}
	b := make([]byte, 0, 96) // on the stack; longer keys grow out of it
	for i, p := range parts {
		if i > 0 {
			b = append(b, separator)
		}
		b = appendPart(b, p)
	}
	k := K(b)
	if err := CheckKey(k); err != nil {
		return "", err
	}
	return k, nil
}

// Prefix returns the text with which all composite keys begin that have the given
// parts first and at least one more, and no other keys do: for scans and look-ups.
// Without parts it is empty: all keys begin with it.
func Prefix(parts ...Part) (string, error) {
	var b []byte
	for _, p := range parts {
		b = append(appendPart(b, p), separator)
	}
	if len(b) == 0 {
		return "", nil
	}
	if err := CheckKey(string(b)); err != nil {
		return "", err
	}
	return string(b), nil
}

// SplitKey returns the parts of a composite key. It fails, with [ErrKey], for a
// text that [JoinKey] does not make.
func SplitKey[K Key](k K) ([]Part, error) {
	if err := CheckKey(k); err != nil {
		return nil, err
	}
	parts := make([]Part, 0, 1+strings.Count(string(k), string(separator)))
	for rest, more := string(k), true; more; {
		var text string
		text, rest, more = cutPart(rest)
		p, ok := parsePart(text)
		if !ok {
			return nil, fmt.Errorf("%w: %q is not a composite key: its part %d, %q, has a stray %q",
				ErrKey, string(k), len(parts)+1, text, string(escape))
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func appendPart(dst []byte, p Part) []byte {
	if !p.Valid {
		return append(dst, null...)
	}
	from := 0
	for i := range len(p.V) {
		if c := p.V[i]; c == separator || c == escape {
			dst = append(append(dst, p.V[from:i]...), escape)
			from = i
		}
	}
	return append(dst, p.V[from:]...)
}

// cutPart cuts at the first separator that is not escaped.
func cutPart(s string) (part, rest string, more bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case escape:
			i++
		case separator:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func parsePart(text string) (p Part, ok bool) {
	if text == null {
		return Part{}, true
	}
	if strings.IndexByte(text, escape) < 0 {
		return Text(text), true
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == escape {
			i++
			if i == len(text) || text[i] != separator && text[i] != escape {
				return Part{}, false
			}
		}
		b = append(b, text[i])
	}
	return Text(string(b)), true
}
