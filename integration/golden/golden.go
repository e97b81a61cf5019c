// Package golden runs topologies on inputs for which Apache Flink has computed the answer, and compares.
//
// A case is a directory:
//
//	<use case>/<case>/case.json       parameters; an error if Flink's job failed
//	<use case>/<case>/input.jsonl     {"topic", "key", "value"} in arrival order; value is JSON text
//	<use case>/<case>/expected.jsonl  the final table: a row a line; absent if the job failed
//	<use case>/<case>/dimension_after.jsonl
//	                                  the rows of the dimension at the end, if the use case has one
//
// The cases of the repository are in testdata, one archive per use case; pack makes them. What we answer on
// purpose otherwise than Flink is a named [Exception], and is checked as well.
package golden

import (
	"time"

	"github.com/tributary-go/tributary/stream"
)

// Input is a record of an external topic. A nil Value is a tombstone.
type Input struct {
	Topic string
	Key   string
	Value []byte
}

// Options say how an engine runs a case.
type Options struct {
	// Partitions of every topic. Inputs are spread over them by their keys.
	Partitions int
	// Start is what the clock shows when the inputs arrive. --max-ahead is off: cases are years old.
	Start time.Time
	// Waiting are records that lie in the topics, behind all inputs, before the topology is started.
	Waiting []Input
	// Until is a time that the inputs bring the topology to: timers before it have fired. Zero: none is waited for.
	Until time.Time
}

// Output is what a topology has written once it is done with all inputs.
type Output struct {
	Tables      map[string]map[string][]byte // result topic -> key -> last value; keys with a tombstone are gone
	State       map[string]map[string][]byte // table -> key -> row as JSON
	DeadLetters []DeadLetter
}

// DeadLetter is an input that could not be processed.
type DeadLetter struct {
	Topic  string
	Value  []byte
	Reason string
}

// Engine runs topologies: in memory, on an embedded broker, on Kafka.
type Engine interface {
	Name() string
	// Run feeds the inputs in their order and returns when everything that follows from them is done. It
	// ends the test if it can't.
	Run(t TB, topology *stream.Topology, inputs []Input, o Options) Output
}

// TB is what an engine and the comparison need of a test.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}
