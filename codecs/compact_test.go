package codecs

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// row has one field of each kind that state is made of.
type row struct {
	ID     string           `cbor:"1,keyasint"`
	Text   Text             `cbor:"2,keyasint"`
	Paid   Decimal          `cbor:"3,keyasint"`
	Count  Bigint           `cbor:"4,keyasint,omitzero"`
	Sum    decimal.Decimal  `cbor:"5,keyasint"`
	Least  *decimal.Decimal `cbor:"6,keyasint,omitempty"`
	At     time.Time        `cbor:"7,keyasint"`
	Seen   map[string]int64 `cbor:"8,keyasint,omitempty"`
	Events []event          `cbor:"9,keyasint,omitempty"`
	Rate   float64          `cbor:"10,keyasint,omitzero"`
	Until  Null[time.Time]  `cbor:"24,keyasint,omitzero"`
}

type event struct {
	At time.Time `cbor:"1,keyasint"`
	ID int64     `cbor:"2,keyasint"`
}

var rows = Compact[row](1)

func fullRow(t testing.TB) row {
	least := amount(t, "-0.05")
	return row{
		ID: "0007", Text: NotNull(""), Paid: NotNull(amount(t, "12.50")), Count: NotNull[int64](-3),
		Sum: amount(t, "123456789012345678901234567890.1"), Least: &least,
		At:     instant(t, "2021-03-25T12:03:00.123456789+08:00"),
		Seen:   map[string]int64{"b": 2, "a": 1, "ab": 3},
		Events: []event{{At: instant(t, "2021-03-25T00:00:00Z"), ID: 1 << 40}},
		Rate:   1.5, Until: NotNull(instant(t, "9999-12-31T23:59:59.999999999Z")),
	}
}

// The bytes below are stored at users'. If a test fails, the codec has changed what
// it writes or can no longer read what it wrote: mend the codec, never the bytes.
var goldenRows = map[string]struct {
	row    func(testing.TB) row
	stored string
}{
	"empty": {
		func(testing.TB) row { return row{} },
		"01a5" + "0160" + "02f6" + "03f6" + "05450000000002" + "07f6",
	},
	"full": {
		fullRow,
		"01ab" + // version, 11 fields
			"016430303037" + // ID
			"0260" + // Text
			"0347fffffffe0204e2" + // Paid
			"0422" + // Count
			"0552ffffffff020f951a9fa3a286c94f0e766c35" + // Sum
			"0646fffffffe0305" + // Least
			"07781e323032312d30332d32355430343a30333a30302e3132333435363738395a" + // At
			"08a361610161620262616203" + // Seen
			"0981a20174323032312d30332d32355430303a30303a30305a021b0000010000000000" + // Events
			"0af93e00" + // Rate
			"1818781e393939392d31322d33315432333a35393a35392e3939393939393939395a", // Until
	},
}

func TestStateWrittenYesterdayReads(t *testing.T) {
	for name, g := range goldenRows {
		b, err := hex.DecodeString(g.stored)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows.Decode(b)
		if err != nil || !sameRow(got, g.row(t)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestStateIsWrittenInTheSameBytesAsYesterday(t *testing.T) {
	for name, g := range goldenRows {
		if got := hex.EncodeToString(mustEncode(t, rows, g.row(t))); got != g.stored {
			t.Errorf("%s: is written as\n%s, was\n%s", name, got, g.stored)
		}
	}
}

func sameRow(a, b row) bool {
	same := a.Sum.Equal(b.Sum) && a.At.Equal(b.At) && a.Until.V.Equal(b.Until.V) && a.Paid.V.Equal(b.Paid.V) &&
		(a.Least == nil) == (b.Least == nil) && (a.Least == nil || a.Least.Equal(*b.Least))
	for _, r := range []*row{&a, &b} {
		r.Sum, r.At, r.Until.V, r.Paid.V, r.Least = decimal.Decimal{}, time.Time{}, time.Time{}, decimal.Decimal{}, nil
	}
	return same && reflect.DeepEqual(a, b)
}

func TestDecimalsKeepTheirDigitsAndScale(t *testing.T) {
	type amounts struct {
		Value decimal.Decimal
		Held  *decimal.Decimal
		List  []decimal.Decimal
	}
	c := Compact[amounts](1)
	for _, text := range []string{"0", "0.00", "1.50", "-1.5", "1e3", "1e-38", "12345678901234567890123456789012345678", "-0.1"} {
		d := amount(t, text)
		got, err := c.Decode(mustEncode(t, c, amounts{d, &d, []decimal.Decimal{d}}))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range []decimal.Decimal{got.Value, *got.Held, got.List[0]} {
			if !g.Equal(d) || g.Exponent() != d.Exponent() {
				t.Errorf("%s came back as %s with exponent %d", text, g, g.Exponent())
			}
		}
	}
	if got, err := c.Decode(mustEncode(t, c, amounts{})); err != nil || got.Held != nil || !got.Value.IsZero() {
		t.Errorf("nil came back as %+v, %v", got, err)
	}
}

func TestDecimalsAreCompact(t *testing.T) {
	if b := mustEncode(t, Compact[Decimal](1), NotNull(amount(t, "1234.56"))); len(b) > 10 {
		t.Errorf("1234.56 takes %d bytes: %x", len(b), b)
	}
}

func TestInstantsKeepTheirNanosecondsAndComeBackInUTC(t *testing.T) {
	c := Compact[time.Time](1)
	for _, text := range []string{
		"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000001Z", "1969-12-31T23:59:59.999999999Z",
		"2021-03-25T12:03:00.123456789+08:00", "9999-12-31T23:59:59.999999999Z",
	} {
		at := instant(t, text)
		got, err := c.Decode(mustEncode(t, c, at))
		if err != nil || !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%v came back as %v, %v", at, got, err)
		}
	}
	now := time.Now()
	if got, err := c.Decode(mustEncode(t, c, now)); err != nil || !got.Equal(now) {
		t.Errorf("%v came back as %v, %v", now, got, err)
	}
}

func TestWhatCouldNotBeReadAgainIsNotWritten(t *testing.T) {
	type embedded struct{ When time.Time }
	type everything struct {
		embedded
		Events []event
		ByID   map[string]*event
		Until  Null[time.Time]
		Nested Null[event]
		Sum    *decimal.Decimal
		Next   *everything
	}
	late, huge := time.UnixMilli(math.MaxInt64), amount(t, "1").Shift(10001)
	for name, v := range map[string]everything{
		"embedded":  {embedded: embedded{late}},
		"in a list": {Events: []event{{}, {At: late}}},
		"in a map":  {ByID: map[string]*event{"a": {At: late}}},
		"nullable":  {Until: NotNull(late)},
		"nested":    {Nested: NotNull(event{At: late})},
		"decimal":   {Sum: &huge},
		"recursive": {Next: &everything{Next: &everything{Sum: &huge}}},
		"long ago":  {Until: NotNull(time.UnixMilli(math.MinInt64))},
	} {
		b, err := Compact[everything](1).Encode(nil, v)
		if err == nil || b != nil || !strings.Contains(err.Error(), "can be stored") {
			t.Errorf("%s: was written as %x, %v", name, b, err)
		}
	}
	if _, err := Compact[everything](1).Encode(nil, everything{}); err != nil {
		t.Error(err)
	}
}

func TestEqualValuesHaveEqualBytes(t *testing.T) {
	a, b := fullRow(t), fullRow(t)
	a.Seen, b.Seen = map[string]int64{}, map[string]int64{}
	for i := range int64(100) {
		a.Seen[string(rune('a'+i))] = i
		b.Seen[string(rune('a'+99-i))] = 99 - i
	}
	b.At = b.At.UTC()
	if x, y := mustEncode(t, rows, a), mustEncode(t, rows, b); !bytes.Equal(x, y) {
		t.Errorf("the same row as\n%x and\n%x", x, y)
	}
}

func TestCompactReadsBackWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := row{
			ID:    string(rapid.SliceOf(rapid.Byte()).Draw(t, "id")), // any bytes
			Text:  Text{Valid: rapid.Bool().Draw(t, "has text")},
			Count: Bigint{Valid: rapid.Bool().Draw(t, "has count")},
			Sum:   decimal.New(rapid.Int64().Draw(t, "sum"), rapid.Int32Range(-9000, 9000).Draw(t, "exponent")),
			At:    time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos")),
			Rate:  rapid.Float64().Draw(t, "rate"),
		}
		if v.Text.Valid {
			v.Text.V = string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		}
		if v.Count.Valid {
			v.Count.V = rapid.Int64().Draw(t, "count")
		}
		b, err := rows.Encode(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows.Decode(b)
		if err != nil || got.Sum.Exponent() != v.Sum.Exponent() || got.Sum.Coefficient().Cmp(v.Sum.Coefficient()) != 0 {
			t.Fatalf("%+v came back as %+v, %v", v, got, err)
		}
		if v.Sum, got.Sum = decimal.Zero, decimal.Zero; !sameRow(got, v) {
			t.Fatalf("%+v came back as %+v", v, got)
		}
	})
}

func TestANewerVersionIsRefusedWithBothVersions(t *testing.T) {
	stored := mustEncode(t, Compact[int](3), 7)
	_, err := Compact[int](2).Decode(stored)
	if !errors.Is(err, ErrNewerVersion) || !strings.Contains(err.Error(), "stored version 3") || !strings.Contains(err.Error(), "up to 2") {
		t.Errorf("got %v", err)
	}
}

func TestAnOlderVersionIsReadThroughItsUpgrade(t *testing.T) {
	type fen struct{ Fen int64 }
	type yuan struct{ Yuan string }
	v1 := Compact[fen](1)
	v2 := Compact(2, Upgrade(1, func(stored []byte) (yuan, error) {
		old, err := v1.Decode(stored)
		return yuan{decimal.New(old.Fen, -2).String()}, err
	}))
	if v2.(Versioned).Version() != 2 {
		t.Error("version is not 2")
	}
	got, err := v2.Decode(mustEncode(t, v1, fen{1250}))
	if err != nil || got.Yuan != "12.5" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := v2.Decode([]byte{1, 0xff}); err == nil || !strings.Contains(err.Error(), "upgrade from version 1") {
		t.Errorf("damaged old value: %v", err)
	}
	if _, err := Compact[yuan](2).Decode([]byte{1, 0xa0}); !errors.Is(err, ErrNoUpgrade) {
		t.Errorf("without an upgrade: %v", err)
	}
	if got, err := v2.Decode(mustEncode(t, v2, yuan{"1"})); err != nil || got.Yuan != "1" {
		t.Errorf("the current version: %v, %v", got, err)
	}
}

func TestFieldsAddedAndRemovedReadWithinAVersion(t *testing.T) {
	type before struct {
		A int `cbor:"1,keyasint"`
		B int `cbor:"2,keyasint"`
	}
	type after struct {
		A int  `cbor:"1,keyasint"`
		C Text `cbor:"3,keyasint"`
	}
	got, err := Compact[after](1).Decode(mustEncode(t, Compact[before](1), before{A: 1, B: 2}))
	if err != nil || got != (after{A: 1}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDamagedStateIsAnError(t *testing.T) {
	whole := mustEncode(t, rows, fullRow(t))
	for n := range whole {
		if _, err := rows.Decode(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were read", n, len(whole))
		}
	}
	if _, err := rows.Decode(append(whole, 0)); err == nil {
		t.Error("a trailing byte was read")
	}
}

func TestMistakesInADeclarationAreReported(t *testing.T) {
	type twice struct {
		A int `cbor:"1,keyasint"`
		B int `cbor:"1,keyasint"`
	}
	type names struct {
		A int `cbor:"1,keyasint"`
		B int `cbor:"1"` // the text "1": another key
	}
	type deep struct{ List []map[string]*twice }
	type channel struct{ C chan int }
	upgrade := Upgrade(2, func([]byte) (int, error) { return 0, nil })
	for name, c := range map[string]struct {
		codec any
		want  string
	}{
		"version 0":       {Compact[int](0), "want 1 to 255"},
		"version 256":     {Compact[int](256), "want 1 to 255"},
		"upgrade to self": {Compact(2, upgrade), "want an older one"},
		"upgrade twice":   {Compact(3, upgrade, upgrade), "two upgrades from version 2"},
		"number twice":    {Compact[twice](1), "fields A and B have the same tag"},
		"deep":            {Compact[deep](1), "fields A and B have the same tag"},
		"channel":         {Compact[channel](1), "unsupported type"},
		"nothing wrong":   {Compact[row](2, Upgrade(1, rows.Decode)), ""},
		"text and number": {Compact[names](1), ""},
		"field twice":     {Object(TextField("a", func(t *Text) *Text { return t }), TextField("a", func(t *Text) *Text { return t })), `"a" is declared twice`},
		"empty field":     {Object(Field[Text]{}), "field 1 was not made by"},
		"field no text":   {Object(TextField("\xff", func(t *Text) *Text { return t })), "not valid UTF-8"},
	} {
		err := c.codec.(Checked).Check()
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Compact[twice](1).Encode(nil, twice{}); err == nil {
		t.Error("a codec with a mistake encodes")
	}
	if _, err := Compact[int](0).Decode([]byte{0, 1}); err == nil {
		t.Error("a codec with a mistake decodes")
	}
}
