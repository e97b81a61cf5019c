package hourlypremium

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
)

// What is stored at users' must be read by tomorrow's program.
func TestStoredRowsAreTheseBytes(t *testing.T) {
	money := codecs.NotNull(decimal.RequireFromString("12.5"))
	stored(t, codecs.Compact[Order](1), Order{codecs.NotNull[int64](7), codecs.NotNull("P-1"), codecs.NotNull("138"), 1616634000000, money},
		"01a501070263502d310363313338041b0000017866e532800546ffffffff027d")
	stored(t, codecs.Compact[Order](1), Order{Modified: 1616634000000}, "01a1041b0000017866e53280")
	stored(t, codecs.Compact[Totals](1), Totals{money, 2, 1}, "01a30146ffffffff027d02020301")
}

func stored[V any](t *testing.T, c codecs.Codec[V], v V, want string) {
	t.Helper()
	b, err := c.Encode(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(b) != want {
		t.Errorf("%T is stored as\n%x, was\n%s", v, b, want)
	}
	old, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	back, err := c.Decode(old)
	if again, err2 := c.Encode(nil, back); err != nil || err2 != nil || !bytes.Equal(again, old) {
		t.Errorf("%T is read as %v, %v", v, back, err)
	}
}

func TestTheBoundsOfGmtModifiedHaveFourDigitsInEveryZone(t *testing.T) {
	for ms, ok := range map[int64]bool{firstYear - 1: false, firstYear: true, -1: true, 0: true, lastYear - 1: true, lastYear: false} {
		at, err := OrderRecord{Modified: codecs.NotNull(ms)}.modifiedAt()
		if (err == nil) != ok || ok && at.UnixMilli() != ms {
			t.Errorf("%d is %v, %v", ms, at, err)
		}
	}
}
