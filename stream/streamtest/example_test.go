package streamtest_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// printer stands for the *testing.T that a test passes to New.
type printer struct{}

func (printer) Helper()                      {}
func (printer) Logf(f string, args ...any)   { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

type (
	word   string
	letter string
)

type count struct {
	Words int64 `json:"words" cbor:"1,keyasint,omitzero"`
}

var (
	lines   = stream.NewTopic[stream.Unkeyed]("lines", codecs.String(), nil)
	byWord  = stream.NewTopic[word]("words-by-word", codecs.String(), nil)
	known   = tables.New[word]("words-known", codecs.String())
	byFirst = stream.NewChangeTopic[letter]("words-by-letter", codecs.String())
	counts  = tables.New[letter]("words-counts", codecs.Compact[count](1))
	results = stream.NewTopic[letter]("words-results", codecs.JSON[count](), nil)
)

// words counts, per first letter, the different words of some lines.
func words() (*stream.Topology, error) {
	t := stream.New("words")
	each := stream.FlatMap(stream.From(t, lines), func(line string) ([]string, error) { return strings.Fields(line), nil })
	keyed := stream.KeyBy(each, byWord, func(w string) (word, error) { return word(w), nil })
	distinct := stream.Latest(keyed, known, func(_, _ string) bool { return false })
	grouped := stream.GroupBy(distinct, byFirst, func(w string) (letter, error) { return letter(w[:1]), nil })
	stream.Aggregate(grouped, counts, stream.Count[string]("words", func(c *count) *int64 { return &c.Words })).To(results)
	return t.Build()
}

func Example() {
	topology, err := words()
	if err != nil {
		fmt.Println(err)
		return
	}
	d := streamtest.New(printer{}, topology)
	streamtest.Send(d, lines, "", "to be or not to be")
	d.Run()
	for _, r := range streamtest.Read(d, results) {
		fmt.Println(r.Key, *r.Value)
	}
	// Output:
	// t {1}
	// b {1}
	// o {1}
	// n {1}
}

func ExampleTable() {
	topology, _ := words()
	d := streamtest.New(printer{}, topology, streamtest.Partitions(4), streamtest.InputPartitions("lines", 2))
	streamtest.Send(d, lines, "", "be brave")
	streamtest.Send(d, lines, "", "but behave")
	d.Run()
	fmt.Println(streamtest.Table(d, results))
	// Output: map[b:{4}]
}

func ExampleRows() {
	topology, _ := words()
	d := streamtest.New(printer{}, topology)
	streamtest.Send(d, lines, "", "to be")
	d.Run()
	row := streamtest.Rows(d, counts)["b"]
	fmt.Println(row.Key, row.Value, row.UpdatedAt)
	// Output: b {1} 2021-03-25 12:00:00 +0000 UTC
}

func ExampleDriver_Advance() {
	topology, _ := words()
	d := streamtest.New(printer{}, topology, streamtest.InputPartitions("lines", 2))
	streamtest.Send(d, lines, "", "be", streamtest.ToPartition(0))
	d.Run()
	fmt.Println(d.Watermark("words-counts", 0).IsZero()) // nobody knows what partition 1 will bring
	d.Advance(5 * time.Second)
	fmt.Println(d.Watermark("words-counts", 0)) // it is idle now
	// Output:
	// true
	// 2021-03-25 12:00:00 +0000 UTC
}

func ExampleDriver_DeadLetters() {
	topology, _ := words()
	d := streamtest.New(printer{}, topology)
	streamtest.Send(d, lines, "", "one __offset two")
	d.Run()
	for _, l := range d.DeadLetters() {
		fmt.Printf("%s: %s\n%s\n", l.Group, l.Value, l.Reason)
	}
	fmt.Println(len(streamtest.Read(d, results)))
	// Output:
	// words-lines: one __offset two
	// key for topic words-by-word: the key "__offset" is reserved
	// 0
}

func ExampleDriver_Restart() {
	topology, _ := words()
	d := streamtest.New(printer{}, topology, streamtest.CommitEvery(10))
	for range 3 {
		streamtest.Send(d, lines, "", "to be")
	}
	d.Step() // one record, not committed
	d.Restart()
	d.Run()
	fmt.Println(streamtest.Table(d, results))
	// Output: map[b:{1} t:{1}]
}

func ExampleDriver_StateKeys() {
	topology, _ := words()
	d := streamtest.New(printer{}, topology)
	streamtest.Send(d, lines, "", "to be")
	d.Run()
	fmt.Println(d.StateKeys("words-known"))
	// Output: [be to]
}
