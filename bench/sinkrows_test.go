package main

import (
	"strings"
	"testing"
)

func TestTheRecountOfATableIsWhatIsLeftOfItsRows(t *testing.T) {
	const n, keys = 2350, 1000
	last := map[int]int{}
	for i := range n {
		r := sinkRowAt(i, keys)
		if before, seen := last[r.key]; seen && i-before != keys {
			t.Fatalf("key %d comes at %d and at %d: all others come between", r.key, before, i)
		}
		last[r.key] = i
	}
	var want sinkSum
	for _, i := range last {
		want = sinkSum{want.rows + 1, want.orders + int64(i), want.quarters + 4*int64(i) + 1}
	}
	if got := recountSink(n, keys); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestEachConnectionHasItsKeysInTheirOrder(t *testing.T) {
	const n, keys = 55_000, 25_000
	number := map[int]int{}
	rows := 0
	for lane, batches := range sinkBatches(n, keys, 4) {
		for _, batch := range batches {
			if len(batch) > sinkBatch {
				t.Errorf("a transaction has %d rows", len(batch))
			}
			in := map[int]bool{}
			for _, r := range batch {
				if r.key%4 != lane || in[r.key] || r.number < number[r.key] {
					t.Fatalf("lane %d: row %+v after number %d", lane, r, number[r.key])
				}
				in[r.key], number[r.key] = true, r.number
				rows++
			}
		}
	}
	if rows != n {
		t.Errorf("%d rows, want %d", rows, n)
	}
}

func TestARowHasAFieldForEachColumn(t *testing.T) {
	r := sinkRowAt(12, 1000)
	if len(r.fields()) != len(sinkColumns) {
		t.Fatalf("%d fields, %d columns", len(r.fields()), len(sinkColumns))
	}
	value := string(r.value())
	for _, f := range r.fields() {
		if !strings.Contains(value, f) {
			t.Errorf("%s lacks %s", value, f)
		}
	}
}

func TestRecordsOfACaptureAreRead(t *testing.T) {
	if id, err := clickID([]byte(`{"key_id":78}`)); id != 78 || err != nil {
		t.Error(id, err)
	}
	if _, err := clickID([]byte(`78`)); err == nil {
		t.Error("a key of another form is read")
	}
	if cents, err := centsIn([]byte(`{"value_brand":"b","value_price":12.5,"value_userId":"u"}`)); cents != 1250 || err != nil {
		t.Error(cents, err)
	}
	if _, err := centsIn([]byte(`{"value_brand":"b"}`)); err == nil {
		t.Error("a price is found where there is none")
	}
}
