// Package task runs one partition of one processor group: its rows, timers, watermark and outputs.
//
// It is the part of the engine that knows neither Kafka nor a disk, so that the test driver and the
// program in production execute the same code. A Task is fed records (Process), asked for everything it
// has to say since the last time (Cut), and told when that has been committed (Committed).
package task

import (
	"hash/fnv"
	"time"
)

// Kind says who writes a topic and what its records mean.
type Kind uint8

// The kinds of topics.
const (
	External    Kind = iota // written by other programs, with a partitioner we don't know
	Repartition             // events under a new key, on their way to a table or an output
	ChangeTopic             // changes of a table under another key
	Result                  // what a topology tells the world
	DeadLetters             // records that could not be processed, with the reason
)

func (k Kind) String() string {
	return [...]string{"external", "repartition", "changes", "result", "dead letters"}[k]
}

// Internal topics carry our headers: event time, ingest time and the sender's watermark.
func (k Kind) Internal() bool { return k == Repartition || k == ChangeTopic }

// Topic is a declared topic.
type Topic struct {
	Name       string
	Kind       Kind
	Compacted  bool          // cleanup.policy=compact: upserts and tombstones by key
	Retention  time.Duration // of records by time; 0: for ever (repartition topics are purged behind their readers)
	OutOfOrder time.Duration // bound of the watermark behind the largest event time (external topics)
	Advance    time.Duration // how far event time may go on without records (external topics); 0: not at all
	Bootstrap  bool          // holds a table that its readers know in whole before they take in other inputs
	Global     bool          // holds a small table that every instance keeps in whole (external topics)
	Fallbacks  func() int64  // how often its codec took the long way; nil: it has no short one (external topics)
	Writers    []string      // groups that write it; empty: external
	Readers    []string      // groups that read it
}

// Table is the declared state of a group.
type Table struct {
	Name    string        // also the group's name; Kafka topic Name-table
	Version int           // newest row version that the codec reads
	Retain  time.Duration // rows expire so long after the business time of their latest version; 0: never
	Rows    RowCodec
	Measure []string // names of stored sub-rows
	Shared  []string // names of the values that each task has once, see Context.Shared

	Patterns []string // whose partial matches the rows hold
	// Rules reads the versions of rules that came as data out of a task's own values. nil: there are none.
	Rules func(shared func(name string) []byte) ([]RuleVersion, error)
}

// Topic is the name of the changelog.
func (t *Table) Topic() string { return t.Name + "-table" }

// RowCodec encodes rows of a type that only the declaration knows.
type RowCodec interface {
	Append(dst []byte, row any) ([]byte, error)
	Decode(b []byte) (any, error)
	Bound(row any) (int, bool)    // upper bound of the encoding's size, if one is known without encoding
	JSON(row any) ([]byte, error) // for look-ups
}

// Handler processes one record or timer. An error, or a panic, undoes what it did and makes the record a
// dead letter.
type Handler func(c *Context) error

// Input is a topic that a group reads.
type Input struct {
	Topic  *Topic
	Handle Handler
	// Broadcast takes records that went to every partition, see Context.Broadcast. nil: they are passed over.
	Broadcast Handler
	Empty     bool // the handler takes empty values (tombstones); otherwise they are skipped and counted
	Events    bool // records are events that can be too late for the table; changes never are
}

// Group is a processor group: at most one table, any number of inputs that are partitioned alike.
type Group struct {
	Name    string
	Inputs  []*Input
	Table   *Table // nil: stateless
	Outputs []*Topic
	Timers  map[string]Handler
	Dead    *Topic
	Gather  []func() Gatherer // made once for each task
	Globals []*Topic          // tables that handlers look rows up in
}

// Input finds the input that reads topic.
func (g *Group) Input(topic string) *Input {
	for _, in := range g.Inputs {
		if in.Topic.Name == topic {
			return in
		}
	}
	return nil
}

// Topology is a built topology.
type Topology struct {
	Name   string
	Topics []*Topic // in the order of their declaration, dead letters last
	Groups []*Group // upstream first
	Dead   *Topic
}

// Topic finds a topic by name.
func (t *Topology) Topic(name string) *Topic {
	for _, x := range t.Topics {
		if x.Name == name {
			return x
		}
	}
	return nil
}

// SenderID names a group on the wire. Build refuses two writers of one topic with the same id.
func SenderID(group string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(group))
	return h.Sum32()
}
