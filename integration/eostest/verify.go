package eostest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/kills"
)

// Left is what a run has left behind.
type Left struct {
	Topics     Topics
	Partitions int32
	// Records of all topics, read committed, by topic.
	Records map[string][]brokers.Record
	// Committed are the offsets of the groups: group, topic, partition.
	Committed map[string]map[string]map[int32]int64
}

// Report is what the verifier found.
type Report struct {
	kills.Found
	Records int // of the input that the echo has committed
	Told    int // records of results
	Waiting int // records of the input behind the committed offsets of at least one group
}

func (r *Report) String() string {
	return fmt.Sprintf("%d records of input (and %d not committed by all), %d results, %v", r.Records, r.Waiting, r.Told, r.Found.String())
}

// result is a topic that a group writes, and what it must hold.
type result struct {
	group, from, to string
	// next is the number that follows from the one told before under the key, nil if there is none, and a record's.
	// Nil: the record is passed on as it is.
	next func(held *int64, n int64) int64
}

func results(x Topics) []result {
	return []result{
		{x.reader(), x.Data(), x.Echo(), nil},
		{x.reader(), x.Data(), x.Repartition(), nil},
		{group(x.Min()), x.Data(), x.Min(), func(held *int64, n int64) int64 {
			if held == nil {
				return n
			}
			return min(*held, n)
		}},
		{group(x.Sum()), x.Data(), x.Sum(), func(held *int64, n int64) int64 {
			if held == nil {
				return n
			}
			return *held + n
		}},
		{group(x.Max()), x.Repartition(), x.Max(), func(held *int64, n int64) int64 {
			if held == nil {
				return n
			}
			return max(*held, n)
		}},
		{group(x.Count()), x.Repartition(), x.Count(), func(held *int64, _ int64) int64 {
			if held == nil {
				return 1
			}
			return *held + 1
		}},
	}
}

// Verify compares each partition of each result with what follows from the records that its group has committed, in
// their order: for each record of the input a record of the result, with the same key.
func Verify(l Left) *Report {
	r := &Report{}
	x := l.Topics
	for _, y := range results(x) {
		r.compare(l, y)
	}
	if letters := l.Records[x.Letters()]; len(letters) > 0 {
		r.Differ("%d dead letters, the first: %v", len(letters), letters[0].Headers)
	}
	r.Records = len(l.Records[x.Echo()])
	r.Waiting = len(l.Records[x.Data()]) - len(l.Records[x.Count()])
	return r
}

func (r *Report) compare(l Left, y result) {
	inputs, results := byPartition(l.Records[y.from]), byPartition(l.Records[y.to])
	for p := range l.Partitions {
		in := inputs[p]
		end, _ := slices.BinarySearchFunc(in, l.Committed[y.group][y.from][p], func(x brokers.Record, at int64) int { return cmp.Compare(x.Offset, at) })
		want, err := y.follow(in[:end])
		if err != nil {
			r.Differ("topic %s, partition %d: %v", y.from, p, err)
		}
		r.comparePartition(fmt.Sprintf("topic %s, partition %d", y.to, p), want, results[p])
		r.Told += len(results[p])
	}
}

// follow is what the result must hold after records of the input.
func (y result) follow(in []brokers.Record) ([]brokers.Record, error) {
	if y.next == nil {
		return in, nil
	}
	want := make([]brokers.Record, len(in))
	told := map[string]*int64{}
	for i, x := range in {
		var reading struct{ N int64 }
		if err := json.Unmarshal(x.Value, &reading); err != nil {
			return want[:i], fmt.Errorf("offset %d: %w", x.Offset, err)
		}
		k := string(x.Key)
		n := y.next(told[k], reading.N)
		told[k] = &n
		want[i] = brokers.Record{Offset: x.Offset, Key: x.Key, Value: strconv.AppendInt(nil, n, 10)}
	}
	return want, nil
}

// comparePartition says where two partitions part; what follows need not be said.
func (r *Report) comparePartition(place string, want, got []brokers.Record) {
	if len(got) != len(want) {
		r.Differ("%s: %d records, and %d follow from the committed input", place, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if g, w := got[i], want[i]; string(g.Key) != string(w.Key) || string(g.Value) != string(w.Value) {
			r.Differ("%s, offset %d, record %d: %s %s, want %s %s (of the input's offset %d)", place, g.Offset, i, g.Key, g.Value, w.Key, w.Value, w.Offset)
			return
		}
	}
}

// byPartition leaves out what topics between groups say of time.
func byPartition(rs []brokers.Record) map[int32][]brokers.Record {
	m := map[int32][]brokers.Record{}
	for _, x := range rs {
		if !strings.Contains(string(x.Key), "\x00") {
			m[x.Partition] = append(m[x.Partition], x)
		}
	}
	return m
}
