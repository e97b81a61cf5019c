package task

import (
	"bytes"
	"fmt"
	"testing"
)

// farewell has records leave a trace of their value; one of "bad" fails afterwards.
func farewell() *Group {
	return newGroup(func(c *Context) error {
		if err := c.LeaveTrace(string(c.Record().Value)); err != nil {
			return err
		}
		if string(c.Record().Value) == "bad" {
			return errTrace
		}
		return c.DeleteRow()
	})
}

func TestATraceIsKeptOfTheLatestKeyInItsPlace(t *testing.T) {
	other := ""
	for i := 0; other == ""; i++ {
		if k := fmt.Sprint("k", i); TraceOf(k) == TraceOf("ann") {
			other = k
		}
	}
	b := newBench(t, farewell(), onePartition)
	left := func() (string, string) {
		b.commit()
		e, err := b.Task.store.record(TraceOf("ann"))
		if err != nil {
			t.Fatal(err)
		}
		key, row, err := ParseTrace(e.val)
		if err != nil {
			t.Fatal(err)
		}
		_, _, text, err := ParseRow(row)
		if err != nil {
			t.Fatal(err)
		}
		return key, string(text)
	}
	b.send("ann", "first")
	b.send("ann", "second")
	b.send("ann", "bad")
	if key, text := left(); key != "ann" || text != "second" {
		t.Errorf("%s has left %q", key, text)
	}
	b.send(other, "third")
	if key, text := left(); key != other || text != "third" {
		t.Errorf("%s has left %q", key, text)
	}
}

func TestPlacesOfTracesDontDependOnThePartition(t *testing.T) {
	for _, partitions := range []int32{1, 4, 12, 1024} {
		places := map[string]bool{}
		for i := 0; len(places) < 900; i++ {
			if i > 20_000_000 {
				t.Fatalf("%d partitions: %d places are used", partitions, len(places))
			}
			if k := fmt.Sprint("session-", i); PartitionOf(k, partitions) == 0 {
				places[TraceOf(k)] = true
				if len(places) > 1024 || !IsTrace(TraceOf(k)) || IsRow(TraceOf(k)) {
					t.Fatalf("%q is no place", TraceOf(k))
				}
			}
		}
	}
}

func TestTracesAreReadAsTheyWereWritten(t *testing.T) {
	golden := []byte("\x01\x03annrow")
	key, row, err := ParseTrace(golden)
	if err != nil || key != "ann" || !bytes.Equal(row, []byte("row")) {
		t.Errorf("%q %q %v", key, row, err)
	}
	for _, damaged := range []string{"", "\x02\x03annrow", "\x01", "\x01\x09ann"} {
		if _, _, err := ParseTrace([]byte(damaged)); err == nil {
			t.Errorf("%q was taken for a trace", damaged)
		}
	}
	if got := TraceOf("ann"); got != "\x00e\x002" {
		t.Errorf("the place of ann has moved to %q", got)
	}
}
