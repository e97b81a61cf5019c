package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Stage is what runs in a cell, for faults to break. It belongs to the test's goroutine.
type Stage struct {
	// T is the test of the cell. Faults return errors; T is for what ends with the cell (Cleanup) and for calls that
	// want one.
	T testing.TB
	// Cluster is the Kafka itself. Feeds and verifiers use it directly, whatever is between it and the processes.
	Cluster brokers.Cluster
	// Brokers are the addresses that processes are given from their next start on: those of the cluster, unless Prepare
	// has put others here.
	Brokers []string
	// Case is the use case.
	Case Case
	// Instances are the processes, running or not; see Instance and Add.
	Instances []*Instance
	// Flags are added to those of every process that is started from now on.
	Flags []string
	// Partitions of the inputs, and so of everything.
	Partitions int32
	// Length is about how long the use case is fed, without what the faults take.
	Length time.Duration
	// Session is the session timeout of the processes.
	Session time.Duration
	// Rand makes the random choices of the fault. Printed and set by TRIBUTARY_SEED.
	Rand *rand.Rand
	// Dir is an empty directory that ends with the cell. Below it lie logs and state.
	Dir string

	began  time.Time
	guests int // rounds of them
}

// Logf notes what happens, with the time since the cell began.
func (s *Stage) Logf(format string, args ...any) {
	s.T.Helper()
	s.T.Logf("%6.1fs %s", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

// Add makes an instance that does not run yet. Its name is that of no other.
func (s *Stage) Add(name string) *Instance {
	i := newInstance(s, name, s.Case.binary(s.T))
	s.Instances = append(s.Instances, i)
	return i
}

// Remove takes an instance out that does not run.
func (s *Stage) Remove(i *Instance) {
	s.Instances = slices.DeleteFunc(s.Instances, func(o *Instance) bool { return o == i })
}

// Pick is one of the instances, at random.
func (s *Stage) Pick() *Instance { return s.Instances[s.Rand.IntN(len(s.Instances))] }

// Wait lets time pass: a fault that lasts, a process that gets somewhere in between.
func (s *Stage) Wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// WaitUpTo lets a random time pass, at most longest.
func (s *Stage) WaitUpTo(ctx context.Context, longest time.Duration) error {
	return s.Wait(ctx, time.Duration(s.Rand.Int64N(int64(longest)+1)))
}

func (s *Stage) path(elem ...string) string {
	return filepath.Join(append([]string{s.Dir}, elem...)...)
}
