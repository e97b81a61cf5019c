package faults

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tributary-go/tributary/integration/dropkills"
)

// premiumDrop compares premiums with a dimension whose owner takes over what the topology tells. Its verifier is that
// of package dropkills, which does not tell lost from duplicated: every difference is wrong.
func premiumDrop() Case {
	const ids, touched, changesPerSecond = 600, 60, 30
	var office *dropkills.Office
	var full map[int32]int64
	feed := dropkills.Feed{IDs: ids, Touched: touched, Events: 1}
	return Case{
		Name: "premiumdrop", Program: "cmd/premiumdrop", Inputs: []string{dropkills.RawInfo, dropkills.Events},
		Outputs: []string{"wechat_activity_user"}, Others: []string{dropkills.Updates}, Rate: 500,
		Feed: func(r *rand.Rand) Source {
			feed.Rand = r
			return premiums{&feed}
		},
		Prepare: func(s *Stage) error {
			dropkills.CreateTopics(s.T, s.Cluster, s.Partitions)
			if err := dropkills.Write(context.Background(), s.Cluster, feed.First(), 0); err != nil {
				return err
			}
			office = &dropkills.Office{
				Owner:   &dropkills.Owner{IDs: ids, Touched: touched, Rand: rand.New(rand.NewPCG(s.Rand.Uint64(), 2))},
				Changes: int(s.Length.Seconds()) * changesPerSecond, Rate: changesPerSecond,
			}
			if err := office.Open(context.Background(), s.Cluster); err != nil {
				return err
			}
			full = dropkills.Ends(s.T, s.Cluster)
			keepOpen(s, office)
			return nil
		},
		Settled: func(s *Stage) error {
			waiting, told := dropkills.Waiting(s.T, s.Cluster), len(s.Cluster.ReadCommitted(s.T, dropkills.Updates))
			if waiting > 0 || !office.Done() || office.Heard() != told {
				return fmt.Errorf("%d records wait, the owner has heard %d of %d updates (all changes made: %t)", waiting, office.Heard(), told, office.Done())
			}
			return nil
		},
		Verify: func(s *Stage) (Verdict, error) {
			r := dropkills.Verify(dropkills.Collect(s.T, s.Cluster, full))
			v := Verdict{Records: r.Events, Results: r.Alerts + r.Updates}
			v.found(r.Found)
			return v, nil
		},
	}
}

// keepOpen runs the office until the end of the test, or the processes are ended.
func keepOpen(s *Stage, office *dropkills.Office) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- office.Run(ctx, s.Cluster) }()
	s.T.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.T.Errorf("the owner of the dimension: %v", err)
		}
	})
}

// premiums are events, one by one.
type premiums struct{ feed *dropkills.Feed }

func (p premiums) Next() []Entry {
	var entries []Entry
	for _, e := range p.feed.Rest() {
		entries = append(entries, Entry{dropkills.Events, e.Key, e.Value})
	}
	return entries
}

func (p premiums) Last() []Entry { return nil }
