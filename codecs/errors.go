package codecs

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrNewerVersion is returned (wrapped) when a stored value has a newer version
// than the program: it was written by a newer program.
var ErrNewerVersion = errors.New("stored version is newer than the program's")

// ErrNoUpgrade is returned (wrapped) when a stored value has an older version
// and the codec was declared without an [Upgrade] from it.
var ErrNoUpgrade = errors.New("no upgrade from the stored version")

// FieldError says which field of a JSON record could not be read, and why.
type FieldError struct {
	Field string
	Text  string // the offending text, cut to 64 characters
	Err   error  // what is wrong with it
}

// Error gives for example: field "real_pay": "80f" is not a decimal number.
func (e *FieldError) Error() string {
	return fmt.Sprintf("field %q: %q %v", e.Field, e.Text, e.Err)
}

// Unwrap returns the reason.
func (e *FieldError) Unwrap() error { return e.Err }

// maxQuoted is how many characters of an offending text an error shows.
const maxQuoted = 64

// shorten returns the first characters of text, with an ellipsis if it is cut.
func shorten(text []byte) string {
	n := 0
	for i := 0; i < len(text); n++ {
		if n == maxQuoted {
			return string(text[:i]) + "…"
		}
		_, size := utf8.DecodeRune(text[i:])
		i += size
	}
	return string(text)
}
