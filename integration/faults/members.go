package faults

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// members are the changes of who takes part.
func members() []Fault {
	return []Fault{
		{Name: "two join and leave", About: "two more instances start, work for a while, and end", Inject: visit(2)},
		{Name: "four join and leave", About: "four more instances start, work for a while, and end", Inject: visit(4)},
		{Name: "rolling restart", About: "each instance in turn is ended and started again, while the others work", Inject: rollingRestart},
		{
			Name: "rolling upgrade", About: "the instances run the programs of an earlier commit, and one after the other gets the present one, on the same state",
			Needs: History, Once: true, Prepare: installEarlier, Inject: rollingUpgrade,
		},
	}
}

// visit has guests join, each with partitions of its own after a while, and leave. What they leave must be taken over.
func visit(n int) func(context.Context, *Stage) error {
	return func(ctx context.Context, s *Stage) error {
		var guests []*Instance
		for k := range n {
			g := s.Add(fmt.Sprintf("guest%d-%d", k+1, s.guests))
			guests = append(guests, g)
			if err := g.Start(); err != nil {
				return err
			}
			if err := s.WaitUpTo(ctx, time.Second); err != nil {
				return err
			}
		}
		s.guests++
		if err := s.Wait(ctx, 3*time.Second); err != nil {
			return err
		}
		for _, g := range guests {
			if err := g.Terminate(); err != nil {
				return err
			}
			s.Remove(g)
		}
		return nil
	}
}

// rollingRestart gives each instance the time to work before the next is ended.
func rollingRestart(ctx context.Context, s *Stage) error {
	for _, i := range s.Instances {
		if err := i.Terminate(); err != nil {
			return err
		}
		if err := i.Start(); err != nil {
			return err
		}
		if err := s.Wait(ctx, 2*time.Second); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
