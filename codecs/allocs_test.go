package codecs

import "testing"

var raceDetector bool

// What one record costs is mostly what it allocates, and that, unlike time, can be
// counted. A limit that is exceeded means that a codec has left its short way.
func TestAllocationsOfOneRecord(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector empties pools")
	}
	kept, nested, result := Compact[keptOrder](1), Compact[spending](1), JSON[channelTotal]()
	order, change, total := keptRow(t), aSpending(t), aTotal(t)
	storedOrder, storedChange := mustEncode(t, kept, order), mustEncode(t, nested, change)
	dst := make([]byte, 0, 1024)
	for _, c := range []struct {
		name  string
		limit float64
		run   func() error
	}{
		// A decimal takes two: a big.Int and its word. All texts of a record take one.
		{"decode an order of JSON", 3, func() error { return boughtOrders.DecodeEach(shopOrderJSON, func(boughtOrder) error { return nil }) }},
		{"decode a row", 3, func() error { _, err := kept.Decode(storedOrder); return err }},
		{"decode a row within a row", 3, func() error { _, err := nested.Decode(storedChange); return err }},
		{"encode a row", 0, func() error { _, err := kept.Encode(dst, order); return err }},
		{"encode a row within a row", 0, func() error { _, err := nested.Encode(dst, change); return err }},
		{"encode a row into nothing", 1, func() error { _, err := kept.Encode(nil, order); return err }},
		{"bound of a row", 0, func() error { kept.(Bounded[keptOrder]).Bound(order); return nil }},
		{"encode a result", 0, func() error { _, err := result.Encode(dst, total); return err }},
	} {
		var err error
		got := testing.AllocsPerRun(1000, func() {
			if e := c.run(); e != nil {
				err = e
			}
		})
		if err != nil || got > c.limit {
			t.Errorf("%s: %v allocations, %v; at most %v are allowed", c.name, got, err, c.limit)
		}
	}
}
