// Package exactlyonce proves the engine's guarantee on processes that are killed, stopped and left behind.
//
// The verifier (this file) shares no code with the engine: it reads with franz-go, recounts the input with
// encoding/json, and takes the changelog's rows apart by what is written about their format. feed.go writes
// the input, process.go runs the program under test, chaos.go treats it badly.
package exactlyonce

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Topics of a run.
type Topics struct{ Name, In, Out string }

// Changelog is the topic that holds the program's state. It is also the consumer group's name and "-table".
func (t Topics) Changelog() string { return t.Group() + "-table" }

// Group is the program's consumer group.
func (t Topics) Group() string { return t.Name + "-totals" }

// total is what is known of a user.
type total struct{ count, sum int64 }

// Report is what the verifier found.
type Report struct {
	Records, Users, Outputs int
	// Differences that were found; the first ones are described.
	Differences int
	Examples    []string
}

// Exact reports whether nothing was lost and nothing counted twice.
func (r *Report) Exact() bool { return r.Differences == 0 }

func (r *Report) String() string {
	return fmt.Sprintf("%d records of %d users, %d outputs, %d differences\n%s", r.Records, r.Users, r.Outputs, r.Differences, strings.Join(r.Examples, "\n"))
}

func (r *Report) differ(format string, args ...any) {
	if r.Differences++; len(r.Examples) < 10 {
		r.Examples = append(r.Examples, fmt.Sprintf(format, args...))
	}
}

// Verify compares what a run left behind with a recount of its input:
// each user's outputs, read committed, run 1, 2, 3, ... with the sums that the input has there; the last of
// them is the recount; and so is the newest row of the changelog.
func Verify(t testing.TB, c brokers.Cluster, topics Topics) *Report {
	t.Helper()
	r := &Report{}
	want := recount(t, c.ReadCommitted(t, topics.In))
	for _, totals := range want {
		r.Records += len(totals)
	}
	r.Users = len(want)
	r.checkOutputs(t, c.ReadCommitted(t, topics.Out), want)
	r.checkTable(c.ReadCommitted(t, topics.Changelog()), want)
	return r
}

// recount returns the totals of each user after each of its records.
func recount(t testing.TB, records []brokers.Record) map[string][]total {
	t.Helper()
	totals := map[string][]total{}
	for _, r := range records {
		var p struct {
			Amount int64 `json:"amount"`
		}
		if err := json.Unmarshal(r.Value, &p); err != nil {
			t.Fatalf("input at partition %d, offset %d: %v", r.Partition, r.Offset, err)
		}
		user := string(r.Key)
		x := total{1, p.Amount}
		if n := len(totals[user]); n > 0 {
			last := totals[user][n-1]
			x = total{last.count + 1, last.sum + p.Amount}
		}
		totals[user] = append(totals[user], x)
	}
	return totals
}

func (r *Report) checkOutputs(t testing.TB, records []brokers.Record, want map[string][]total) {
	t.Helper()
	r.Outputs = len(records)
	seen := map[string]int{}
	for _, x := range records {
		var got struct{ N, S int64 }
		if err := json.Unmarshal(x.Value, &got); err != nil {
			t.Fatalf("output at partition %d, offset %d: %v", x.Partition, x.Offset, err)
		}
		user := string(x.Key)
		n := seen[user]
		seen[user]++
		switch {
		case n >= len(want[user]):
			r.differ("output of %s at partition %d, offset %d: %+v, more than its %d records", user, x.Partition, x.Offset, got, len(want[user]))
		case want[user][n] != total{got.N, got.S}:
			r.differ("output of %s at partition %d, offset %d, %s: %+v, want %+v", user, x.Partition, x.Offset, x.Timestamp.Format("15:04:05.000"), got, want[user][n])
		}
	}
	for user, totals := range want {
		if n := seen[user]; n < len(totals) {
			r.differ("outputs of %s: %d for %d records", user, n, len(totals))
		}
	}
}

func (r *Report) checkTable(records []brokers.Record, want map[string][]total) {
	rows := map[string][]byte{}
	for _, x := range records {
		if strings.IndexByte(string(x.Key), 0) < 0 { // others are the engine's own
			rows[string(x.Key)] = x.Value
		}
	}
	for user, value := range rows {
		if len(want[user]) == 0 {
			r.differ("the table has a row of %s, which no record is about: %x", user, value)
		}
	}
	for user, totals := range want {
		got, err := decodeRow(rows[user])
		if last := totals[len(totals)-1]; err != nil || got != last {
			r.differ("table row of %s: %+v (%v), want %+v", user, got, err, last)
		}
	}
}

// decodeRow reads a stored row: a version byte 1; varint business time; varint ingest time less business
// time; uvarint members; then the row itself: varint count, varint sum.
func decodeRow(b []byte) (total, error) {
	if len(b) == 0 || b[0] != 1 {
		return total{}, errors.New("no row of version 1")
	}
	b = b[1:]
	bad := false
	varint := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			bad, n = true, 0
		}
		b = b[n:]
		return v
	}
	uvarint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			bad, n = true, 0
		}
		b = b[n:]
		return v
	}
	varint()
	varint()
	uvarint()
	x := total{varint(), varint()}
	if bad || len(b) > 0 {
		return total{}, errors.New("it does not end where it should")
	}
	return x, nil
}
