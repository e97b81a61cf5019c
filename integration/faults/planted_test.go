package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/faults"
)

// planted are defects of the engine that only a program for tests can have, with the fault that shows them. Without
// these tests nobody knows whether the suite could find anything.
var planted = []struct {
	name, flag string
	fault      faults.Fault
}{
	{"a zombie may commit", "--no-fencing", faults.Fault{Name: "suspended before a commit", Inject: suspendBeforeCommit}},
	{"the store is written before the commit", "--write-early", faults.Fault{Name: "killed before a commit", Inject: killBeforeCommit}},
	{"an output is sent outside the transaction", "--emit-outside", faults.Fault{Name: "killed before a commit", Inject: killBeforeCommit}},
}

func TestPlantedDefectsAreFound(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			f := p.fault
			f.Prepare = func(_ context.Context, s *faults.Stage) error {
				s.Flags = append(s.Flags, p.flag)
				return nil
			}
			r := faults.Observe(t, brokers.Embedded(t), f, faults.Named(t, "countsum"), faults.Plan{Warm: time.Second, Finish: 5 * time.Second})
			if r.Verdict.Exact() {
				t.Errorf("%s, and nobody noticed: %v", p.name, r.Verdict)
			}
		})
	}
}

// The same faults without the defects.
func TestTheFaultsOfPlantedDefectsAloneAreHarmless(t *testing.T) {
	for _, p := range planted[:2] {
		t.Run(p.fault.Name, func(t *testing.T) {
			t.Parallel()
			faults.Play(t, brokers.Embedded(t), p.fault, faults.Named(t, "countsum"), faults.Plan{Warm: time.Second})
		})
	}
}

// killBeforeCommit has a process die when the content of its first transaction is fixed and nothing of it was sent.
func killBeforeCommit(_ context.Context, s *faults.Stage) error {
	i := s.Instances[0]
	i.Kill()
	if err := i.Start("--kill-at", "1"); err != nil {
		return err
	}
	i.ExpectEnd()
	if _, err := i.AwaitEnd(time.Minute); err != nil {
		return err
	}
	return i.Start()
}

// suspendBeforeCommit has it stop there until others have gone on with its partitions.
func suspendBeforeCommit(ctx context.Context, s *faults.Stage) error {
	i := s.Instances[0]
	i.Kill()
	if err := i.Start("--stop-at", "500"); err != nil {
		return err
	}
	if err := i.AwaitLog(ctx, "stopping itself"); err != nil {
		return err
	}
	if err := s.Wait(ctx, 2*s.Session); err != nil {
		return err
	}
	return i.Continue()
}
