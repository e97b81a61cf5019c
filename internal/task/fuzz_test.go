package task

import (
	"bytes"
	"testing"
)

// Whatever lies in a topic or a store is either refused or read, and what is read is written and read again as the same.

func FuzzStamp(f *testing.F) {
	for _, s := range []stamp{
		{of: 1, watermark: NoTime},
		{event: 1616673600000, ingest: 1616673600007, group: 0xdeadbeef, partition: 3, of: 4, watermark: 1616673000000, advance: 60000, idle: true, complete: true},
		{event: -5, of: 12, partition: 11, watermark: EndOfTime},
	} {
		f.Add(s.append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again stamp
		if s.parse(b) != nil {
			return
		}
		if err := again.parse(s.append(nil)); err != nil || again != s && s.watermark != NoTime && s.watermark != EndOfTime {
			t.Errorf("%x: %+v became %+v, %v", b, s, again, err)
		}
	})
}

func FuzzRow(f *testing.F) {
	m := rowMeta{at: 1616673600000, ingest: 1616673600007, members: 3}
	f.Add(append(m.append(nil), "row"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, payload, err := parseRow(b)
		if err != nil {
			return
		}
		again, same, err := parseRow(append(m.append(nil), payload...))
		if err != nil || again != m || !bytes.Equal(same, payload) {
			t.Errorf("%x: %+v became %+v, %v", b, m, again, err)
		}
	})
}

func FuzzClock(f *testing.F) {
	f.Add([]byte("\x01\x00"))
	f.Add((&clock{now: 1616673600000, plain: 1616673500000, sources: []*source{
		{topic: "orders", senders: []sender{{watermark: 1616673600000, known: true, complete: true, advance: 100000}}},
		{topic: "orders-by-id", group: 7, senders: []sender{{watermark: NoTime}, {watermark: EndOfTime, idle: true, known: true}}},
	}}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readClock(b)
		if _, _, _, lookErr := ParseClock(b); (err == nil) != (lookErr == nil) {
			t.Errorf("%x: the task reads it with %v, people with %v", b, err, lookErr)
		}
		if err != nil {
			return
		}
		once := c.encode()
		again, err := readClock(once)
		if err != nil || !bytes.Equal(again.encode(), once) {
			t.Errorf("%x became %x, %v", b, once, err)
		}
	})
}

func FuzzAppliedPositions(f *testing.F) {
	g := &Group{Inputs: []*Input{{Topic: &Topic{Name: "orders"}}, {Topic: &Topic{Name: "rates"}}}}
	id := func(topic string) string { return topic + "-id" }
	f.Add(positions{"orders": 17, "rates": 1 << 40}.encode(g, id))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, again := positions{}, positions{}
		if p.restore(b, id) != nil {
			return
		}
		if err := again.restore(p.encode(g, id), id); err != nil || again["orders"] != p["orders"] || again["rates"] != p["rates"] {
			t.Errorf("%x: %v became %v, %v", b, p, again, err)
		}
	})
}

func FuzzTimer(f *testing.F) {
	f.Add(timerName(1616673600000, "quiet", "u1"))
	f.Fuzz(func(t *testing.T, k string) {
		at, name, key, err := parseTimer(timerKey + k)
		if err == nil && timerName(at, name, key) != timerKey+k {
			t.Errorf("%q became %q", timerKey+k, timerName(at, name, key))
		}
	})
}

func FuzzTrace(f *testing.F) {
	f.Add([]byte("\x01\x02u1row"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, row, err := ParseTrace(b); err == nil && len(key)+len(row) > len(b) {
			t.Errorf("%x: %q, %x", b, key, row)
		}
	})
}

// Offset metadata can be anything: other programs may have committed it.
func FuzzOffsetMetadata(f *testing.F) {
	for _, text := range []string{"", "wm=1616673780000", "wm=1616673780000;advance=60000", "wm=1616673780000;complete", "wm=;complete", "clock=AQA", "somebody else's"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, external bool) {
		made := func() *clock {
			src := &source{topic: "orders", senders: make([]sender, 1)}
			src.senders[0].watermark = NoTime
			if !external {
				src.group = 7
			}
			return &clock{sources: []*source{src}}
		}
		c := made()
		if c.restoreMeta(text) != nil {
			return
		}
		once, again := c.meta(), made()
		if err := again.restoreMeta(once); err != nil || again.meta() != once {
			t.Errorf("%q became %q became %q, %v", text, once, again.meta(), err)
		}
	})
}
