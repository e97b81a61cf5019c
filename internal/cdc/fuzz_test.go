package cdc

import (
	"encoding/json"
	"testing"
)

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"version":1,"gtids":"` + server + `:1-7:9","time":1616659200123,"snapshot":{"done":false,"rows":3,"by":["a","b"],"after":["7","x"],"until":["9","y"]},"partitions":4,"shape":"s"}`))
	f.Add([]byte(`{"version":1,"file":"binlog.000003","offset":154,"server":"` + server + `","time":0,"snapshot":{"done":true,"rows":0},"partitions":1,"shape":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again Position
		if json.Unmarshal(b, &p) != nil {
			return
		}
		once, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if err := json.Unmarshal(once, &again); err != nil {
			t.Fatalf("%s became %s: %v", b, once, err)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(once) {
			t.Errorf("%s became %s became %s, %v", b, once, twice, err)
		}
	})
}

func FuzzCapture(f *testing.F) {
	for _, name := range builtInNames() {
		c, _ := BuiltIn(name)
		b, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		_, _ = c.Layout(clickTypes(), []string{"id"})
	})
}

// What a row is written as is JSON, whatever the database holds.
func FuzzRow(f *testing.F) {
	c, _ := BuiltIn("clickstream")
	l, err := c.complete().Layout(clickTypes(), []string{"id"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("17"), []byte("2021-03-25 08:00:00"), []byte(`Tom's "X"`), []byte("12.50"))
	f.Add([]byte("-1"), []byte("0000-00-00 00:00:00"), []byte("\xff\x00\u2028"), []byte("-0.00"))
	f.Fuzz(func(t *testing.T, id, at, text, price []byte) {
		row, err := l.Upsert([][]byte{id, at, text, text, nil, text, text, price, text, text})
		if err != nil {
			return
		}
		if !json.Valid(row.Key) || len(row.Value) > 0 && !json.Valid(row.Value) {
			t.Errorf("%q: %s %s", [][]byte{id, at, text, price}, row.Key, row.Value)
		}
	})
}

func TestANumberThatIsFilledWithZerosIsTheSameNumber(t *testing.T) {
	for plain, want := range map[string]string{
		"0000017": "17", "-007": "-7", "000": "0", "0": "0", "00012.50": "12.50", "0.50": "0.50", "-0.00": "-0.00", "1e20": "1e20", "100": "100",
	} {
		if got, err := appendNumber(nil, []byte(plain)); err != nil || string(got) != want {
			t.Errorf("%s is written as %s, %v", plain, got, err)
		}
	}
	for _, plain := range []string{"", "-", "A", "1 2", "--1", ".5", "null", "1."} {
		if got, err := appendNumber(nil, []byte(plain)); err == nil {
			t.Errorf("%q is written as %s", plain, got)
		}
	}
}
