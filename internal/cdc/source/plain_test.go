package source

import (
	"testing"
)

func TestPlainFormsOfValues(t *testing.T) {
	for _, c := range []struct {
		read reader
		v    any
		want string
	}{
		{appendInteger, int8(-128), "-128"}, {appendInteger, uint64(18446744073709551615), "18446744073709551615"}, {appendInteger, 2021, "2021"},
		{appendBit, int64(-1), "18446744073709551615"},
		{readSingle, float32(0.1), "0.1"}, {readSingle, float32(16777216), "16777216"}, {readDouble, 1e21, "1e+21"}, {readDouble, 1e-7, "1e-07"}, {readDouble, 0.0, "0"},
		{appendBytes, "text", "text"}, {appendBytes, []byte("blob"), "blob"},
		{appendLatin1, "Z\xf6e \x80", "Zöe €"}, {appendLatin1, []byte{0x81}, "\u0081"},
		{padded(4), "a", "a\x00\x00\x00"}, {padded(1), "a", "a"},
		{withFraction(3), "00:00:00", "00:00:00.000"}, {withFraction(3), "01:00:00.500", "01:00:00.500"}, {withFraction(0), "01:00:00", "01:00:00"},
		{enumLabels([]string{"a", "b"}), int64(2), "b"}, {enumLabels([]string{"a"}), int64(0), ""},
		{setLabels([]string{"a", "b", "c"}), int64(5), "a,c"}, {setLabels([]string{"a"}), int64(0), ""},
		{appendDocument, ` {"b": 1.50, "a": [1e2, 12345678901234567890, "<"]} `, `{"a":[100,12345678901234567890,"<"],"b":1.5}`}, {appendDocument, "", "null"},
	} {
		got, err := c.read([]byte("-"), c.v)
		if err != nil || string(got) != "-"+c.want {
			t.Errorf("%#v: %q (%v), want %q", c.v, got, err, c.want)
		}
	}
	for _, c := range []struct {
		read reader
		v    any
	}{
		{appendInteger, "7"}, {appendBit, "7"}, {readSingle, 1.5}, {readDouble, float32(1.5)}, {appendBytes, 7}, {enumLabels(nil), int64(1)}, {appendDocument, "{"},
	} {
		if got, err := c.read(nil, c.v); err == nil {
			t.Errorf("%#v is taken for %q", c.v, got)
		}
	}
}
