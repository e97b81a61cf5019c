package stream

import (
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
)

// Topic declares a topic once: its name, the types of its keys and values, and how event time is read.
type Topic[K Key, V any] struct {
	Name  string
	Codec codecs.Codec[V]
	at    func(V) (time.Time, error)
	opts  topicOptions
}

// ChangeTopic carries the changes of a table under another key: each record holds the row before and after.
type ChangeTopic[K Key, V any] struct {
	Name  string
	Codec codecs.Codec[V]
	opts  topicOptions
}

type topicOptions struct {
	outOfOrder time.Duration
	advance    time.Duration
	retention  time.Duration
	events     bool
	keyed      bool
	bootstrap  bool
}

// TopicOption changes what NewTopic declares.
type TopicOption func(*topicOptions)

// OutOfOrder bounds by how much event times of an external topic go back: its watermark stays so far behind
// the largest event time seen. Default 0.
func OutOfOrder(d time.Duration) TopicOption { return func(o *topicOptions) { o.outOfOrder = d } }

// IdleAdvance lets the event time of an external topic go on when nobody writes: at the rate of the wall clock,
// while all partitions are idle and read to their ends, and at most so far beyond what its records say. Default 0:
// time stands still until the next record. A record that comes behind such an advance may be late, where it would
// not have been without; those are counted (tributary_behind_advance_total).
//
// Use it where something must be noticed though nothing happens, and where records come soon after their event
// time. What is read again from the log has no pauses: there, time goes on with the records alone.
func IdleAdvance(limit time.Duration) TopicOption {
	return func(o *topicOptions) { o.advance = limit }
}

// Events declares a result topic that holds events and not a table: it is not compacted, and records stay
// for retention (0: for ever) after they were written.
func Events(retention time.Duration) TopicOption {
	return func(o *topicOptions) { o.events, o.retention = true, retention }
}

// Partitioned declares that an external topic's records are keyed by K and that all records of a key lie in
// one partition, so that a table may read it without KeyBy. Nobody checks it. Look-ups find rows by goka's
// partitioner (FNV-1a of the key); with another one they find none.
func Partitioned() TopicOption { return func(o *topicOptions) { o.keyed = true } }

// Bootstrap declares that an external topic holds a table which must be known before events meet it: at its
// first start a group that uses it (UpsertsFrom) reads what lies in the topic up to the end it has then, before
// it takes in the first record of its other inputs. What comes later flows beside them. That is for the first
// start only: after that, and after a restart too, the table is as far as it is.
func Bootstrap() TopicOption { return func(o *topicOptions) { o.bootstrap = true } }

// NewTopic declares a topic. at reads a record's event time; nil: the time at which it arrived in Kafka. An
// error makes the record a dead letter. at is used where the topic comes from outside; inside a topology
// records carry their event time with them.
func NewTopic[K Key, V any](name string, c codecs.Codec[V], at func(V) (time.Time, error), opts ...TopicOption) Topic[K, V] {
	t := Topic[K, V]{Name: name, Codec: c, at: at}
	for _, f := range opts {
		f(&t.opts)
	}
	return t
}

// NewChangeTopic declares a topic for GroupBy.
func NewChangeTopic[K Key, V any](name string, c codecs.Codec[V], opts ...TopicOption) ChangeTopic[K, V] {
	t := ChangeTopic[K, V]{Name: name, Codec: c}
	for _, f := range opts {
		f(&t.opts)
	}
	return t
}

func (x Topic[K, V]) plan(kind task.Kind) task.Topic {
	p := task.Topic{Name: x.Name, Kind: kind, Compacted: kind == task.Result && !x.opts.events, Retention: x.opts.retention, OutOfOrder: x.opts.outOfOrder,
		Bootstrap: kind == task.External && x.opts.bootstrap}
	if kind == task.External {
		p.Advance = max(0, x.opts.advance)
	}
	if c, ok := x.Codec.(codecs.FallingBack); ok && kind == task.External {
		p.Fallbacks = c.Fallbacks
	}
	return p
}
