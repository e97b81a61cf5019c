package sqlsink

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// apply is what a table holds after a batch: visitors by key.
func apply(x *target, b *batch, table map[string]string) (refused int) {
	changes, letters := b.changes(x)
	for _, c := range changes {
		if c.deleted {
			delete(table, x.shown(c.row))
		} else {
			table[x.shown(c.row)] = c.row[3].V
		}
	}
	return len(letters)
}

// However records are cut into batches, the table ends the same.
func TestBatchesOfAnySizeGiveTheSameTable(t *testing.T) {
	x := newTarget(visits("topic"))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "records")
		oneByOne, inBatches, b := map[string]string{}, map[string]string{}, newBatch()
		for i := range n {
			key := rapid.SampledFrom([]string{"a|1", "a|2", `\N|1`, "unreadable"}).Draw(t, "key")
			value := rapid.SampledFrom([]string{fmt.Sprintf(`{"visitors":%d}`, i), "", `{"visitors":"none"}`}).Draw(t, "value")
			m := message("topic", 0, int64(i), key, value)
			single := newBatch()
			single.add(m)
			apply(x, single, oneByOne)
			b.add(m)
			if rapid.Bool().Draw(t, "cut") || i == n-1 {
				apply(x, b, inBatches)
				b = newBatch()
			}
		}
		if !maps.Equal(oneByOne, inBatches) {
			t.Fatalf("one by one %v, in batches %v", oneByOne, inBatches)
		}
	})
}

func TestABatchIsInTheOrderOfThePrimaryKey(t *testing.T) {
	x := newTarget(visits("topic"))
	b := newBatch()
	for i, key := range []string{"b|1", "a|10", "a|-2", "a|9", "a|10"} {
		b.add(message("topic", 0, int64(i), key, fmt.Sprintf(`{"visitors":%d}`, i)))
	}
	changes, _ := b.changes(x)
	got := ""
	for _, c := range changes {
		got += fmt.Sprintf("%s/%s=%s ", c.row[0].V, c.row[2].V, c.row[3].V)
	}
	if want := "a/-2=2 a/9=3 a/10=4 b/1=0 "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if b.next[0] != 5 {
		t.Errorf("next offset %d, want 5", b.next[0])
	}
}
