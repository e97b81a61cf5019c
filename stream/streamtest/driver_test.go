package streamtest_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// failures is a test that goes on after Fatalf and remembers what it was told.
type failures struct{ told []string }

func (*failures) Helper()             {}
func (*failures) Logf(string, ...any) {}
func (f *failures) Fatalf(format string, args ...any) {
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

func newDriver(t streamtest.TB, opts ...streamtest.Option) *streamtest.Driver {
	t.Helper()
	topology, err := words()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return streamtest.New(t, topology, opts...)
}

func TestMistakesOfATestFailItAndSayWhatIsWrong(t *testing.T) {
	for want, use := range map[string]func(*streamtest.Driver){
		"topology words has no topic nothing":              func(d *streamtest.Driver) { d.SendRaw("nothing", 0, nil, []byte("x")) },
		"topic lines has no partition 1, it has 1":         func(d *streamtest.Driver) { d.SendRaw("lines", 1, nil, []byte("x")) },
		"topic lines has no partition -2, it has 1":        func(d *streamtest.Driver) { d.SendRaw("lines", -2, nil, []byte("x")) },
		"topology words has no table nothing":              func(d *streamtest.Driver) { d.StateKeys("nothing") },
		"topology words has no group nothing":              func(d *streamtest.Driver) { d.Counters("nothing") },
		"there is no group words-lines with a partition 1": func(d *streamtest.Driver) { d.Watermark("words-lines", 1) },
		"topic lines, partition 0, offset 0: ":             func(d *streamtest.Driver) { readLinesAsCounts(d) },
		"topology words has no topic elsewhere":            func(d *streamtest.Driver) { d.SetIdle("elsewhere", 0, true) },
		"topology words has no group words-nothing":        func(d *streamtest.Driver) { d.Hold("words-nothing", true) },
	} {
		f := &failures{}
		use(newDriver(f))
		if len(f.told) == 0 || !strings.Contains(f.told[0], want) {
			t.Errorf("told %q, want %q", f.told, want)
		}
	}
}

func readLinesAsCounts(d *streamtest.Driver) {
	d.SendRaw("lines", 0, nil, []byte("no JSON"))
	streamtest.Read(d, stream.NewTopic[letter]("lines", results.Codec, nil))
}

func TestATopologyThatWasNotBuiltIsRefused(t *testing.T) {
	f := &failures{}
	if d := streamtest.New(f, stream.New("raw")); d != nil || len(f.told) != 1 || !strings.Contains(f.told[0], "call Build first") {
		t.Errorf("told %q", f.told)
	}
}

func TestSendOnlyAppends(t *testing.T) {
	d := newDriver(t)
	streamtest.Send(d, lines, "", "to be")
	if rs := streamtest.Read(d, results); len(rs) != 0 {
		t.Errorf("read %v", rs)
	}
	d.Run()
	if rs := streamtest.Read(d, results); len(rs) != 2 {
		t.Errorf("read %v", rs)
	}
	d.Run()
	if rs := streamtest.Read(d, results); len(rs) != 0 {
		t.Errorf("read again %v", rs)
	}
}

func TestARunIsTheSameEachTimeAndSoIsAShuffledOneWithTheSameSeed(t *testing.T) {
	run := func(opts ...streamtest.Option) []streamtest.Raw {
		d := newDriver(t, append(opts, streamtest.Partitions(3), streamtest.InputPartitions("lines", 4))...)
		for i := range 20 {
			streamtest.Send(d, lines, "", fmt.Sprintf("a%d b%d c%d", i, i%7, i%3))
		}
		d.Run()
		return slices.Concat(d.ReadRaw("words-results"), d.ReadRaw("words-by-word"), d.ReadRaw("words-known-table"))
	}
	if !reflect.DeepEqual(run(), run()) {
		t.Error("two runs differ")
	}
	if !reflect.DeepEqual(run(streamtest.Shuffle(7)), run(streamtest.Shuffle(7))) {
		t.Error("two runs with one seed differ")
	}
	if reflect.DeepEqual(run(streamtest.Shuffle(7)), run(streamtest.Shuffle(8))) {
		t.Error("two seeds give the same run")
	}
}

func TestTheStoreEqualsTheChangelogAfterARestartAtAnyMoment(t *testing.T) {
	for seed := range uint64(30) {
		d := newDriver(t, streamtest.Shuffle(seed), streamtest.Partitions(2))
		for i := range 20 {
			streamtest.Send(d, lines, "", fmt.Sprintf("w%d x%d", i%5, i))
		}
		for range 3 * seed {
			d.Step()
		}
		d.Restart()
		want := map[string]string{}
		for _, r := range d.ReadRaw("words-counts-table") {
			if want[string(r.Key)] = string(r.Value); r.Value == nil {
				delete(want, string(r.Key))
			}
		}
		maps.DeleteFunc(want, func(k, _ string) bool { return strings.HasPrefix(k, "\x00") })
		keys := d.StateKeys("words-counts")
		slices.Sort(keys)
		if !slices.Equal(keys, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("seed %d: the store has %q, the changelog %q", seed, keys, want)
		}
		d.Run()
		if got := streamtest.Table(d, results); !maps.Equal(got, map[letter]count{"w": {5}, "x": {20}}) {
			t.Fatalf("seed %d: results %v", seed, got)
		}
	}
}

func TestRunDoesNotTurnTheWallClock(t *testing.T) {
	at := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	d := newDriver(t, streamtest.Start(at), streamtest.InputPartitions("lines", 2))
	streamtest.Send(d, lines, "", "one", streamtest.ToPartition(0))
	for range 100 {
		d.Run()
	}
	if !d.Now().Equal(at) || !d.Watermark("words-counts", 0).IsZero() {
		t.Errorf("it is %s, and the watermark %s", d.Now(), d.Watermark("words-counts", 0))
	}
	if rs := streamtest.Read(d, results); len(rs) != 1 || !rs[0].EventTime.Equal(at) {
		t.Errorf("read %+v", rs)
	}
	d.Advance(5 * time.Second)
	if !d.Now().Equal(at.Add(5*time.Second)) || d.Watermark("words-counts", 0).IsZero() {
		t.Errorf("it is %s, and the watermark %s", d.Now(), d.Watermark("words-counts", 0))
	}
}

func TestAHeldGroupDoesNothingUntilItIsLetGo(t *testing.T) {
	d := newDriver(t, streamtest.Partitions(4))
	d.Hold("words-known", true)
	d.Hold("words-known", false, 2)
	streamtest.Send(d, lines, "", "a b c d e f g h")
	d.Run()
	held := len(streamtest.Table(d, results))
	d.Restart()
	d.Run()
	if again := len(streamtest.Table(d, results)); held == 0 || held == 8 || again != held {
		t.Errorf("%d results while three of four partitions are held, %d after a restart", held, again)
	}
	d.Hold("words-known", false)
	d.Run()
	if n := len(streamtest.Table(d, results)); n != 8 {
		t.Errorf("%d results in the end", n)
	}
}

func TestRecordsWithoutAKeyGoToThePartitionsInTurn(t *testing.T) {
	d := newDriver(t, streamtest.InputPartitions("lines", 3))
	for range 6 {
		streamtest.Send(d, lines, "", "x")
	}
	d.SendRaw("lines", -1, []byte("key"), []byte("x"))
	d.SendRaw("lines", -1, []byte("key"), []byte("x"))
	n := map[int32]int{}
	var keyed []int32
	for _, r := range d.ReadRaw("lines") {
		if r.Key == nil {
			n[r.Partition]++
		} else {
			keyed = append(keyed, r.Partition)
		}
	}
	if !maps.Equal(n, map[int32]int{0: 2, 1: 2, 2: 2}) || len(keyed) != 2 || keyed[0] != keyed[1] {
		t.Errorf("without a key %v, with one %v", n, keyed)
	}
}

func TestInputsOfOneGroupNeedTheSameNumberOfPartitions(t *testing.T) {
	other := stream.NewTopic[word]("others", byWord.Codec, nil, stream.Partitioned())
	x := stream.New("words")
	keyed := stream.KeyBy(stream.From(x, lines), byWord, func(w string) (word, error) { return word(w), nil })
	stream.Latest(keyed.Merge(stream.From(x, other)), known, func(_, _ string) bool { return false })
	topology, err := x.Build()
	if err != nil {
		t.Fatal(err)
	}
	f := &failures{}
	streamtest.New(f, topology, streamtest.Partitions(2))
	if len(f.told) != 1 || !strings.Contains(f.told[0], "group words-known reads topic words-by-word with 2 partitions and topic others with 1") {
		t.Errorf("told %q", f.told)
	}
	streamtest.New(t, topology, streamtest.Partitions(2), streamtest.InputPartitions("others", 2))
}
