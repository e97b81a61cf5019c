package nfa_test

import (
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// Stored runs that can be read are good to go on with: no event makes them fall over.
func FuzzStoredRuns(f *testing.F) {
	first := loop(step("b", nfa.Begin, 'b'))
	first.Within = time.Second
	p := nfa.Pattern[letter]{Steps: []nfa.Step[letter]{first, step("c", nfa.FollowedBy, 'c')}, Skip: nfa.Skip{Strategy: nfa.SkipPast}}
	m := compile(f, p)
	one := nfa.AppendNodes(nil, m.feed('b', 1000).Nodes)
	two := nfa.AppendNodes(nil, m.feed('b', 1300).Nodes)
	f.Add(one, two, nfa.AppendRuns(nil, m.runs))
	f.Fuzz(func(t *testing.T, one, two, stored []byte) {
		_, _, _ = m.a.Waiting(stored)
		r := nfa.NewReader(m.a)
		for i, nodes := range [][]byte{one, two} {
			if _, err := r.Nodes(&nfa.Event[letter]{Seq: uint64(i) + 1, Time: int64(i) * 300, Value: letter{kind: 'b'}}, nodes); err != nil {
				return
			}
		}
		runs, err := r.Runs(stored)
		if err != nil {
			return
		}
		for i, x := range []byte("bcdb") {
			nfa.AppendRuns(nil, runs)
			if runs, _, err = m.a.Process(runs, &nfa.Event[letter]{Seq: uint64(i) + 3, Time: int64(i)*300 + 600, Value: letter{kind: x}}); err != nil {
				return
			}
		}
	})
}
