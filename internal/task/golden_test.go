package task

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// What lies in topics and stores of users must be readable for ever: these bytes never change.

func TestStampsAreTheseBytes(t *testing.T) {
	base := stamp{event: 1616673780000, ingest: 1616673781500, group: 0x01020304, partition: 3, of: 12, watermark: 1616673779000}
	cases := map[string]struct {
		change func(*stamp)
		want   string
	}{
		"with a watermark": {func(*stamp) {}, "0101c0c4a1948d5eb81701020304030cd00f"},
		"before any time":  {func(s *stamp) { s.watermark = NoTime }, "0100c0c4a1948d5eb81701020304030c"},
		"at the end":       {func(s *stamp) { s.watermark = EndOfTime }, "0104c0c4a1948d5eb81701020304030c"},
		"idle":             {func(s *stamp) { s.idle = true }, "0103c0c4a1948d5eb81701020304030cd00f"},
		"watermark ahead":  {func(s *stamp) { s.watermark = s.event + 1 }, "0101c0c4a1948d5eb81701020304030c01"},
	}
	for name, c := range cases {
		s := base
		c.change(&s)
		b := s.append(nil)
		if got := hex.EncodeToString(b); got != c.want {
			t.Errorf("%s: %s, was %s", name, got, c.want)
		}
		var back stamp
		if err := back.parse(b); err != nil || back != s {
			t.Errorf("%s: %+v became %+v, %v", name, s, back, err)
		}
	}
}

func TestDamagedStampsAreRefused(t *testing.T) {
	s := stamp{event: 1000, ingest: 2000, group: 7, partition: 1, of: 4, watermark: 900}
	whole := s.append(nil)
	for n := range whole {
		if err := new(stamp).parse(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a stamp", n, len(whole))
		}
	}
	for name, s := range map[string]stamp{
		"partition beyond": {partition: 4, of: 4},
		"no partitions":    {},
		"too many senders": {partition: 0, of: maxSenders + 1},
	} {
		if err := new(stamp).parse(s.append(nil)); err == nil {
			t.Errorf("%s: was accepted", name)
		}
	}
	newer := append([]byte{2}, whole[1:]...)
	if err := new(stamp).parse(newer); err == nil {
		t.Error("a stamp of version 2 was accepted")
	}
}

func TestRowMetaIsTheseBytes(t *testing.T) {
	for name, c := range map[string]struct {
		m    rowMeta
		want string
	}{
		"an aggregate":  {rowMeta{at: 1616673780000, ingest: 1616673781500, members: 3}, "01c0c4a1948d5eb81703"},
		"ingest before": {rowMeta{at: 2000, ingest: 1000, members: 0}, "01a01fcf0f00"},
		"no ingest":     {rowMeta{at: 0, ingest: NoTime, members: 1}, "0100ffffffffffffffffff0101"},
	} {
		b := c.m.append(nil)
		if got := hex.EncodeToString(b); got != c.want {
			t.Errorf("%s: %s, was %s", name, got, c.want)
		}
		back, rest, err := parseRow(append(b, "row"...))
		if err != nil || back != c.m || string(rest) != "row" {
			t.Errorf("%s: %+v became %+v, %q, %v", name, c.m, back, rest, err)
		}
	}
}

func TestRowsOfANewerFormatAndDamagedOnesAreRefused(t *testing.T) {
	whole := (&rowMeta{at: 1, ingest: 2, members: 3}).append(nil)
	for n := range whole {
		if _, _, err := parseRow(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a row", n, len(whole))
		}
	}
	if _, _, _, err := ParseRow([]byte{2, 0, 0, 0, 0}); err == nil {
		t.Error("a row of format 2 was accepted")
	}
}

func TestTimerKeysAreTheseBytesAndSortByTimeThenNameThenKey(t *testing.T) {
	ascending := []struct {
		at        int64
		name, key string
		want      string
	}{
		{NoTime + 1, "expiry", "a", "0074000000000000000165787069727900" + "61"},
		{-1, "expiry", "z", "00747fffffffffffffff65787069727900" + "7a"},
		{0, "expiry", "a", "0074800000000000000065787069727900" + "61"},
		{1616673780000, "close", "k", "00748000017869443120" + "636c6f736500" + "6b"},
		{1616673780000, "expiry", "a", "00748000017869443120" + "65787069727900" + "61"},
		{1616673780000, "expiry", "b", "00748000017869443120" + "65787069727900" + "62"},
		{EndOfTime, "expiry", "a", "0074ffffffffffffffff" + "65787069727900" + "61"},
	}
	last := ""
	for _, c := range ascending {
		k := timerName(c.at, c.name, c.key)
		if got := hex.EncodeToString([]byte(k)); got != c.want {
			t.Errorf("%d %s %s: %s, was %s", c.at, c.name, c.key, got, c.want)
		}
		if k <= last || k < timerKey || k >= timersEnd {
			t.Errorf("%d %s %s does not sort after the one before, among the timers", c.at, c.name, c.key)
		}
		last = k
		at, name, key, err := parseTimer(k)
		if at != c.at || name != c.name || key != c.key || err != nil {
			t.Errorf("%+v became %d, %s, %s, %v", c, at, name, key, err)
		}
	}
	for _, k := range []string{timerKey, timerKey + "1234567", timerAt(5) + "no end"} {
		if _, _, _, err := parseTimer(k); err == nil {
			t.Errorf("%q was taken for a timer", k)
		}
	}
}

func TestTheClockIsTheseBytesAndComesBack(t *testing.T) {
	g := &Group{Inputs: []*Input{
		{Topic: &Topic{Name: "in", Kind: Repartition, Writers: []string{"w"}}},
		{Topic: &Topic{Name: "ext"}},
	}}
	c := newClock(g)
	c.hear("in", &stamp{group: SenderID("w"), partition: 1, of: 2, watermark: 1000})
	c.hear("in", &stamp{group: SenderID("w"), partition: 0, of: 2, watermark: 2000, idle: true})
	c.external("ext", 3000, false)
	b := c.encode()
	const want = "01d00f" + "02696e" + "f20c3f36" + "02" + "03a01f" + "01d00f" + "03657874" + "00000000" + "01" + "01f02e"
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("%s, was %s", got, want)
	}
	back := newClock(g)
	if err := back.restore(b); err != nil {
		t.Fatal(err)
	}
	if back.now != 1000 || back.idle || !bytes.Equal(back.encode(), b) {
		t.Errorf("came back at %d, idle %v, as %x", back.now, back.idle, back.encode())
	}
	first := 3 + (1 + 2 + 4) + 1 + 2*3 // version and watermark; name, group; senders
	for n := range b {
		if err := newClock(g).restore(b[:n]); err == nil && n != 3 && n != first {
			t.Errorf("the first %d of %d bytes were taken for a clock", n, len(b))
		}
	}
}

func TestOffsetMetadataIsThisText(t *testing.T) {
	ext := newClock(&Group{Inputs: []*Input{{Topic: &Topic{Name: "ext"}}}})
	if got := ext.meta(); got != "" {
		t.Errorf("a clock that knows nothing is %q", got)
	}
	ext.external("ext", 1616673780000, false)
	if got := ext.meta(); got != "wm=1616673780000" {
		t.Errorf("%q, was wm=1616673780000", got)
	}
	in := newClock(&Group{Inputs: []*Input{{Topic: &Topic{Name: "in", Kind: Repartition, Writers: []string{"w"}}}}})
	in.hear("in", &stamp{group: SenderID("w"), partition: 0, of: 1, watermark: 1000})
	if got := in.meta(); got != "clock=AdAPAmlu8gw/NgEB0A8" {
		t.Errorf("%q, was another", got)
	}
	for _, c := range []*clock{ext, in} {
		s := c.meta()
		*c = clock{sources: c.sources, now: NoTime}
		for _, src := range c.sources {
			src.senders = []sender{{watermark: NoTime}}
		}
		if err := c.restoreMeta(s); err != nil || c.now == NoTime || c.meta() != s {
			t.Errorf("%s came back at %d as %s, %v", s, c.now, c.meta(), err)
		}
	}
	if err := ext.restoreMeta("somebody else's"); err != nil {
		t.Errorf("other programs' metadata: %v", err)
	}
}
