package streamtest

import (
	"math/rand/v2"
	"time"

	"github.com/tributary-go/tributary/internal/task"
)

// Option changes how a Driver runs.
type Option func(*options)

type options struct {
	partitions  int32
	inputs      map[string]int32
	maxAhead    time.Duration
	idleAfter   time.Duration
	start       time.Time
	commitEvery int
	random      *rand.Rand
}

func defaults() options {
	return options{
		partitions:  1,
		inputs:      map[string]int32{},
		maxAhead:    time.Hour,
		idleAfter:   5 * time.Second,
		start:       time.Date(2021, 3, 25, 12, 0, 0, 0, time.UTC),
		commitEvery: 1,
	}
}

func (o *options) apply(opts []Option) {
	for _, f := range opts {
		f(o)
	}
}

func (o *options) partitionsOf(x *task.Topic) int32 {
	switch {
	case x.Kind == task.DeadLetters:
		return 1
	case x.Kind != task.External:
		return o.partitions
	}
	return max(1, o.inputs[x.Name])
}

// Partitions is the number of partitions of the topics that the topology writes, and so of the tables that
// read them. Default 1.
func Partitions(n int) Option { return func(o *options) { o.partitions = int32(max(1, n)) } }

// InputPartitions is the number of partitions of an external topic. Default 1.
func InputPartitions(topic string, n int) Option {
	return func(o *options) { o.inputs[topic] = int32(n) }
}

// MaxAhead is by how much an event time may be ahead of the wall clock; records beyond it are dead letters.
// Default 1 h, 0: no bound.
func MaxAhead(by time.Duration) Option { return func(o *options) { o.maxAhead = by } }

// IdleAfter is how long a partition of an external topic stays empty until it is declared idle. Default 5 s.
func IdleAfter(d time.Duration) Option { return func(o *options) { o.idleAfter = d } }

// Start is what the wall clock shows first. Default 2021-03-25 12:00:00 UTC.
func Start(at time.Time) Option { return func(o *options) { o.start = at } }

// CommitEvery is the number of records after which a task commits; it also does when it has no more to
// read. Default 1.
func CommitEvery(records int) Option { return func(o *options) { o.commitEvery = max(1, records) } }

// Shuffle takes the next task by chance, and commits and flushes by chance. The same seed gives the same
// run.
func Shuffle(seed uint64) Option {
	return func(o *options) { o.random = rand.New(rand.NewPCG(seed, 0)) }
}
