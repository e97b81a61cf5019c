package cdc

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func clickTypes() []Type {
	return []Type{
		{Name: "id", Family: Integer}, {Name: "eventTime", Family: Timestamp, Null: true}, {Name: "eventType", Family: Text, Null: true},
		{Name: "productId", Family: Text, Null: true}, {Name: "categoryId", Family: Text, Null: true},
		{Name: "categoryCode", Family: Text, Null: true}, {Name: "brand", Family: Text, Null: true},
		{Name: "price", Family: Decimal, Null: true}, {Name: "userId", Family: Text, Null: true}, {Name: "userSession", Family: Text, Null: true},
	}
}

func layout(t *testing.T, c Capture, types []Type, primary ...string) Layout {
	t.Helper()
	l, err := c.complete().Layout(types, primary)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func cells(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		if text == "NULL" {
			all = append(all, nil)
			continue
		}
		all = append(all, []byte(text))
	}
	return all
}

func TestAClickIsWrittenAsItsConsumersReadIt(t *testing.T) {
	c, _ := BuiltIn("clickstream")
	l := layout(t, c, clickTypes(), "id")
	row, err := l.Upsert(cells("17", "2021-03-25 08:00:00", "view", "p1", "c1", "NULL", `Tom's "X"`, "12.50", "u1", "s1"))
	if err != nil {
		t.Fatal(err)
	}
	if key := string(row.Key); key != `{"key_id":17}` {
		t.Errorf("key %s", key)
	}
	want := `{"value_eventTime":1616659200000,"value_eventType":"view","value_productId":"p1","value_categoryId":"c1",` +
		`"value_categoryCode":null,"value_brand":"Tom's \"X\"","value_price":12.50,"value_userId":"u1","value_userSession":"s1"}`
	if value := string(row.Value); value != want {
		t.Errorf("value\n%s, want\n%s", value, want)
	}
	if gone, err := l.Delete(cells("17", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL")); err != nil || gone.Value != nil || string(gone.Key) != `{"key_id":17}` {
		t.Errorf("delete: %v %v", gone, err)
	}
}

func TestTheDimensionHasItsKeyInTheValueToo(t *testing.T) {
	c, _ := BuiltIn("raw_info")
	types := []Type{{Name: "id", Family: Integer}, {Name: "raw_premium", Family: Text}, {Name: "raw_info", Family: Text}}
	row, err := layout(t, c, types, "id").Upsert(cells("7", "100.5", "car"))
	if err != nil || string(row.Key) != `{"id":7}` || string(row.Value) != `{"id":7,"raw_premium":"100.5","raw_info":"car"}` {
		t.Errorf("%s %s %v", row.Key, row.Value, err)
	}
}

func TestAFormMustSuitTheColumn(t *testing.T) {
	for _, c := range []struct {
		family Family
		as     string
		want   Form
	}{
		{Integer, "", Number}, {Integer, "text", String}, {Integer, "timestamp-ms", ""}, {Decimal, "text", String},
		{Text, "", String}, {Text, "number", ""}, {Binary, "", Base64}, {Binary, "text", ""}, {Timestamp, "", String},
		{DateTime, "timestamp-ms", Millis}, {Calendar, "timestamp-ms", ""}, {Document, "", String},
	} {
		got, err := FormOf(c.family, c.as)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s as %q: %q, %v", c.family, c.as, got, err)
		}
	}
}

func TestAMistakeNamesItsColumn(t *testing.T) {
	c := Capture{Columns: []Column{{Column: "nowhere"}, {Column: "eventType", As: "number"}}}
	_, err := c.complete().Layout(clickTypes(), []string{"id"})
	for _, want := range []string{"column nowhere: the table has none", "column eventType: a text column cannot be written as number"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestAKeyIsNeverNull(t *testing.T) {
	l := layout(t, Capture{Key: []Column{{Column: "userId"}}}, clickTypes(), "id")
	_, err := l.Upsert(make([][]byte, len(l.Read)))
	if err == nil || !strings.Contains(err.Error(), "column userId is part of the key and null") {
		t.Errorf("got %v", err)
	}
}

func TestMillisecondsAreThoseOfMySQLsUnixTimestamp(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		zone *time.Location
		want int64
	}{
		{"1970-01-01 00:00:01", time.UTC, 1000},
		{"2021-03-25 08:00:00", time.UTC, 1616659200000},
		{"2021-03-25 08:00:00.123456", time.UTC, 1616659200123},
		{"2021-03-25 08:00:00.5", time.UTC, 1616659200500},
		{"2021-03-25 16:00:00", shanghai, 1616659200000},
		{"0000-00-00 00:00:00", shanghai, 0},
		{"1969-12-31 23:59:59.250", time.UTC, -750},
	} {
		if got, err := millis([]byte(c.text), c.zone); err != nil || got != c.want {
			t.Errorf("%s: %d (%v), want %d", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "2021-03-25", "2021-00-25 08:00:00", "2021-03-25T08:00:00", "2021-03-25 08:0x:00", "2021-03-25 08:00:00,5"} {
		if _, err := millis([]byte(text), time.UTC); err == nil {
			t.Errorf("%q is taken for a time", text)
		}
	}
}

func TestAnyTextSurvivesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		if rapid.Bool().Draw(t, "utf8") {
			text = []byte(rapid.String().Draw(t, "string"))
		}
		var got string
		if err := json.Unmarshal(appendQuoted(nil, text), &got); err != nil {
			t.Fatal(err)
		}
		want := string(text)
		if !utf8.Valid(text) {
			var b strings.Builder
			for _, r := range want { // one replacement for each bad byte
				b.WriteRune(r)
			}
			want = b.String()
		}
		if got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestTheShapeTellsLayoutsApart(t *testing.T) {
	types := clickTypes()
	shapes := map[string]string{}
	for name, c := range map[string]Capture{
		"plain":          {},
		"key prefix":     {KeyPrefix: "k"},
		"price as text":  {Columns: []Column{{Column: "price", As: "text"}}},
		"price":          {Columns: []Column{{Column: "price"}}},
		"as number":      {Columns: []Column{{Column: "price", Field: "as number"}}},
		"time":           {Columns: []Column{{Column: "eventTime", As: "timestamp-ms"}}},
		"time elsewhere": {Columns: []Column{{Column: "eventTime", As: "timestamp-ms"}}, Zone: "Asia/Shanghai"},
	} {
		s := layout(t, c, types, "id").Shape()
		if other, taken := shapes[s]; taken {
			t.Errorf("%s and %s have the shape %s", name, other, s)
		}
		shapes[s] = name
	}
}
