// Package faults breaks things while the use cases run, and counts what was lost, duplicated or wrong.
//
// fault.go says what a fault is, and usecase.go what it happens to; stage.go is what a fault may touch. cell.go brings
// one fault to one use case: it starts the programs as processes on a Kafka, feeds them, breaks something again and
// again, waits until all is worked off, and has the outputs judged. The verifiers recompute results from the input
// topics and share no code with the product. matrix.go writes what was found to docs/reliability.md.
//
// One fault: go test ./integration/faults -run 'TestFaults/killed'. One use case of it: add /channelgmv. All of them:
// TRIBUTARY_FAULTS=all. TRIBUTARY_KAFKA says on which Kafka (see package brokers); without it on a broker in memory.
package faults

import (
	"context"
	"slices"
)

// Fault is something that goes wrong.
type Fault struct {
	// Name is that of the row in the report and of the test: lower case, words with spaces, no commas.
	Name string
	// About is one sentence for the report.
	About string
	// Needs is what the fault cannot happen without. Where it is missing, the test is skipped and says so.
	Needs Need
	// Instances that run when the fault begins. 0: two.
	Instances int
	// Times is how often it is injected in a cell, at least. 0: once. A run may ask for more.
	Times int
	// Once: it can be injected only once in a cell, whatever a run asks for.
	Once bool
	// Cases are the names of the only use cases that it happens to. Nil: all.
	Cases []string
	// Prepare is called before the processes start. It may change Stage.Brokers, add flags and start what the fault
	// needs; Stage.T.Cleanup ends it. Nil: nothing to do.
	Prepare func(ctx context.Context, s *Stage) error
	// Inject breaks something and returns when the fault is over: from then on the time to the first output counts.
	// Processes that the use case needs must run by then. It is called while records are fed. An error is a mistake
	// of the fault or of the product, and ends the cell.
	Inject func(ctx context.Context, s *Stage) error
}

// Need is what a fault needs, in the words of the skipped test.
type Need string

// What faults need. Nothing is the zero value.
const (
	Nothing      Need = ""
	OwnBrokers   Need = "brokers that this process started"
	ThreeBrokers Need = "three brokers that this process started"
	Proxy        Need = "a proxy between processes and brokers"
	Database     Need = "a database"
	Root         Need = "the rights of root"
	History      Need = "the history of the repository"
)

// All are the faults, in the order of the report. Each file of faults has a function that lists its own.
func All() []Fault {
	return slices.Concat(
		signals(),
		stores(),
		disks(),
		members(),
		kafka(),
		network(),
	)
}
