package cdc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Row is one record: an upsert, or a delete if Value is nil.
type Row struct {
	Key, Value []byte
	// Time of the change in milliseconds since 1970, or of the reading if it comes from a chunk.
	Time int64
}

// String shows key and value.
func (r Row) String() string {
	if r.Value == nil {
		return string(r.Key) + " deleted"
	}
	return string(r.Key) + " " + string(r.Value)
}

// size is the memory that a row holds, roughly.
func (r Row) size() int { return len(r.Key) + len(r.Value) + 64 }

// Upsert makes the record of a row. cells are the plain bytes of the columns of Read, in their order, nil for null;
// they are copied. The error names the column.
func (l Layout) Upsert(cells [][]byte) (Row, error) {
	key, err := l.Key(cells)
	if err != nil {
		return Row{}, err
	}
	value, err := appendObject(make([]byte, 0, 64+2*len(key)+24*len(l.value)), l.value, cells)
	return Row{Key: key, Value: value}, err
}

// Delete makes the record that says that the row is gone.
func (l Layout) Delete(cells [][]byte) (Row, error) {
	key, err := l.Key(cells)
	return Row{Key: key}, err
}

// Key is the key of a row's record.
func (l Layout) Key(cells [][]byte) ([]byte, error) {
	for _, f := range l.key {
		if cells[f.At] == nil {
			return nil, fmt.Errorf("column %s is part of the key and null", f.Column)
		}
	}
	return appendObject(make([]byte, 0, 24*len(l.key)), l.key, cells)
}

func appendObject(dst []byte, fields []Field, cells [][]byte) ([]byte, error) {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, f.name...)
		var err error
		if dst, err = f.append(dst, cells[f.At]); err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Column, err)
		}
	}
	return append(dst, '}'), nil
}

func (f Field) append(dst, plain []byte) ([]byte, error) {
	if plain == nil {
		return append(dst, "null"...), nil
	}
	switch f.Form {
	case Number:
		return appendNumber(dst, plain)
	case Millis:
		ms, err := millis(plain, f.zone)
		return strconv.AppendInt(dst, ms, 10), err
	case Base64:
		dst = append(dst, '"')
		return append(base64.StdEncoding.AppendEncode(dst, plain), '"'), nil
	}
	return appendQuoted(dst, plain), nil
}

var errNoNumber = errors.New("is not a number")

// appendNumber leaves out the zeros that a ZEROFILL column has in front when it is selected, and in the binlog has not.
func appendNumber(dst, plain []byte) ([]byte, error) {
	digits, negative := bytes.CutPrefix(plain, []byte("-"))
	for len(digits) > 1 && digits[0] == '0' && '0' <= digits[1] && digits[1] <= '9' {
		digits = digits[1:]
	}
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' || !json.Valid(digits) {
		return nil, fmt.Errorf("%.64q %w", plain, errNoNumber)
	}
	if negative {
		dst = append(dst, '-')
	}
	return append(dst, digits...), nil
}

var errNoTime = errors.New("is not a time like 2006-01-02 15:04:05")

// millis reads "2006-01-02 15:04:05" with up to six decimals in a zone. The zero date of MySQL is 0, as in its
// UNIX_TIMESTAMP. A date that is incomplete (month or day 0) is an error. What is below a millisecond is cut off.
func millis(plain []byte, zone *time.Location) (int64, error) {
	if len(plain) < 19 || plain[4] != '-' || plain[7] != '-' || plain[10] != ' ' || plain[13] != ':' || plain[16] != ':' {
		return 0, fmt.Errorf("%.64q %w", plain, errNoTime)
	}
	var n [6]int
	ok := true
	for i, at := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		n[i] = digits(plain[at[0]:at[1]], &ok)
	}
	fraction, scale := 0, 100
	if len(plain) > 19 {
		ok = ok && plain[19] == '.'
		for _, c := range plain[20:] {
			fraction += digits([]byte{c}, &ok) * scale
			scale /= 10
		}
	}
	switch {
	case !ok:
		return 0, fmt.Errorf("%.64q %w", plain, errNoTime)
	case n[0] == 0 && n[1] == 0 && n[2] == 0:
		return 0, nil
	case n[1] == 0 || n[2] == 0:
		return 0, fmt.Errorf("%.64q %w: the date is incomplete", plain, errNoTime)
	}
	at := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone)
	return at.Unix()*1000 + int64(fraction), nil
}

func digits(text []byte, ok *bool) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			*ok = false
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}
