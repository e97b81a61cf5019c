package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Plain bytes of a value are what cdc.Family says. The functions here append them; both ways into a record, the log
// and the select, go through the same.

func appendSingle(dst []byte, f float32) []byte { return appendFloat(dst, float64(f), 32) }

func appendDouble(dst []byte, f float64) []byte { return appendFloat(dst, f, 64) }

// appendFloat writes as JSON does: without an exponent where that is readable.
func appendFloat(dst []byte, f float64, bits int) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

// appendInteger takes every type that the log's reader uses.
func appendInteger(dst []byte, v any) ([]byte, error) {
	switch n := v.(type) {
	case int8:
		return strconv.AppendInt(dst, int64(n), 10), nil
	case int16:
		return strconv.AppendInt(dst, int64(n), 10), nil
	case int32:
		return strconv.AppendInt(dst, int64(n), 10), nil
	case int64:
		return strconv.AppendInt(dst, n, 10), nil
	case int:
		return strconv.AppendInt(dst, int64(n), 10), nil
	case uint8:
		return strconv.AppendUint(dst, uint64(n), 10), nil
	case uint16:
		return strconv.AppendUint(dst, uint64(n), 10), nil
	case uint32:
		return strconv.AppendUint(dst, uint64(n), 10), nil
	case uint64:
		return strconv.AppendUint(dst, n, 10), nil
	}
	return nil, unexpected(v)
}

// appendBit: the log's reader gives the bits as a signed number.
func appendBit(dst []byte, v any) ([]byte, error) {
	n, ok := v.(int64)
	if !ok {
		return nil, unexpected(v)
	}
	return strconv.AppendUint(dst, uint64(n), 10), nil
}

// appendBytes takes text and binary as they are.
func appendBytes(dst []byte, v any) ([]byte, error) {
	switch b := v.(type) {
	case string:
		return append(dst, b...), nil
	case []byte:
		return append(dst, b...), nil
	}
	return nil, unexpected(v)
}

// withFraction is for TIME with decimals, which the log's reader leaves out when all is zero.
func withFraction(decimals int) reader {
	return func(dst []byte, v any) ([]byte, error) {
		text, ok := v.(string)
		if !ok {
			return nil, unexpected(v)
		}
		dst = append(dst, text...)
		if decimals > 0 && !strings.Contains(text, ".") {
			dst = append(append(dst, '.'), strings.Repeat("0", decimals)...)
		}
		return dst, nil
	}
}

// padded are BINARY columns of a width: the log leaves their trailing zeros out, a select shows them.
func padded(width int) reader {
	return func(dst []byte, v any) ([]byte, error) {
		from := len(dst)
		dst, err := appendBytes(dst, v)
		for err == nil && len(dst)-from < width {
			dst = append(dst, 0)
		}
		return dst, err
	}
}

// appendLatin1 turns MySQL's latin1 into UTF-8. It is Windows-1252, with the five codes that have no character there
// standing for themselves.
func appendLatin1(dst []byte, v any) ([]byte, error) {
	plain, err := appendBytes(nil, v)
	if err != nil {
		return nil, err
	}
	for _, b := range plain {
		r := rune(b)
		if b >= 0x80 && b < 0xa0 {
			r = windows1252[b-0x80]
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst, nil
}

var windows1252 = [32]rune{
	0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
}

// enumLabels: number 0 is the empty text that MySQL keeps for what is none of the labels.
func enumLabels(labels []string) reader {
	return func(dst []byte, v any) ([]byte, error) {
		n, ok := v.(int64)
		if !ok || n < 0 || n > int64(len(labels)) {
			return nil, unexpected(v)
		}
		if n == 0 {
			return dst, nil
		}
		return append(dst, labels[n-1]...), nil
	}
}

func setLabels(labels []string) reader {
	return func(dst []byte, v any) ([]byte, error) {
		n, ok := v.(int64)
		if !ok {
			return nil, unexpected(v)
		}
		var members []string
		for i, label := range labels {
			if uint64(n)&(1<<i) != 0 {
				members = append(members, label)
			}
		}
		return append(dst, strings.Join(members, ",")...), nil
	}
}

// appendDocument writes JSON in one form: keys sorted, no space, numbers with a fraction or an exponent as doubles.
func appendDocument(dst []byte, v any) ([]byte, error) {
	text, err := appendBytes(nil, v)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 { // an INSERT IGNORE of null into a column that is NOT NULL
		return append(dst, "null"...), nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, fmt.Errorf("read a JSON document: %w", err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(withDoubles(document)); err != nil {
		return nil, fmt.Errorf("write a JSON document: %w", err)
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...), nil
}

func withDoubles(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, member := range x {
			x[k] = withDoubles(member)
		}
	case []any:
		for i, member := range x {
			x[i] = withDoubles(member)
		}
	case json.Number:
		if f, err := x.Float64(); err == nil && strings.ContainsAny(x.String(), ".eE") {
			return f
		}
	}
	return v
}

func unexpected(v any) error { return fmt.Errorf("unexpected value of type %T in the log", v) }
