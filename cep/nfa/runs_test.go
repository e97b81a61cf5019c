package nfa_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// machine feeds an automaton.
type machine struct {
	t    testing.TB
	a    *nfa.Automaton[letter]
	runs nfa.Runs[letter]
	seq  uint64
}

func compile(t testing.TB, p nfa.Pattern[letter]) *machine {
	t.Helper()
	a, err := nfa.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return &machine{t: t, a: a}
}

func (m *machine) feed(kind byte, at int64) nfa.Outcome[letter] {
	m.t.Helper()
	m.seq++
	runs, _, err := m.a.Advance(m.runs, at)
	if err != nil {
		m.t.Fatal(err)
	}
	e := letter{kind: kind, at: at}
	runs, out, err := m.a.Process(runs, &nfa.Event[letter]{Seq: m.seq, Time: at, Value: e})
	if err != nil {
		m.t.Fatal(err)
	}
	m.runs = runs
	return out
}

func step(name string, c nfa.Contiguity, kind byte) nfa.Step[letter] {
	return nfa.Step[letter]{Name: name, Contiguity: c, Where: adapt(kindIs(kind))}
}

func loop(s nfa.Step[letter]) nfa.Step[letter] {
	s.Times, s.Greedy = nfa.Times{Min: 1, Max: nfa.Unbounded}, true
	return s
}

func TestALoopHoldsOneNodeForEachEvent(t *testing.T) {
	const events = 10_000
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), loop(step("b", nfa.FollowedBy, 'b')), step("c", nfa.FollowedBy, 'c')}})
	m.feed('a', 0)
	for i := range events {
		m.feed('b', int64(i))
	}
	if n := m.runs.Nodes(); n > events+1 {
		t.Errorf("%d nodes of %d events", n, events)
	}
	out := m.feed('c', events)
	if len(out.Matches) != 1 || out.Matches[0].Count("b") != events {
		t.Errorf("%d matches", len(out.Matches))
	}
}

// Every event begins a run, and all runs take it: that must not be a node for each run and event.
func TestRunsThatBeginInALoopShareIt(t *testing.T) {
	const events = 1000
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{loop(step("b", nfa.Begin, 'b')), step("c", nfa.FollowedBy, 'c')}})
	for i := range events {
		m.feed('b', int64(i))
	}
	if n := m.runs.Nodes(); n != events || m.runs.Open() != events {
		t.Errorf("%d nodes of %d events in %d runs", n, events, m.runs.Open())
	}
	out := m.feed('c', events)
	for i, found := range out.Matches {
		if n := found.Count("b"); n != events-i {
			t.Fatalf("match %d has %d events", i, n)
		}
	}
	if len(out.Matches) != events {
		t.Errorf("%d matches", len(out.Matches))
	}
}

func TestNodesOfRunsThatEndedAreLeftBehind(t *testing.T) {
	first := loop(step("b", nfa.Begin, 'b'))
	first.Within = 50 * time.Millisecond
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{first, step("c", nfa.FollowedBy, 'c')}})
	for i := range 5000 { // some run is open all the time
		m.feed('b', int64(i))
		if n := m.runs.Nodes(); n > 250 {
			t.Fatalf("%d nodes after %d events, of 50 that are in the window", n, i)
		}
	}
	living := 0
	m.runs.Living(func(*nfa.Event[letter]) { living++ })
	if living != 50 {
		t.Errorf("%d events are held, 50 are in the window", living)
	}
}

func TestRunsAreValues(t *testing.T) {
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), step("b", nfa.FollowedByAny, 'b'), step("c", nfa.FollowedByAny, 'c')}})
	m.feed('a', 1)
	m.feed('b', 2)
	before, seq := m.runs, m.seq
	found := func(kinds string) (n int) {
		m.runs, m.seq = before, seq
		for i := range len(kinds) {
			n += len(m.feed(kinds[i], 3).Matches)
		}
		return n
	}
	for range 3 {
		for kinds, want := range map[string]int{"c": 1, "bc": 2, "bbcc": 6, "abc": 3} {
			if n := found(kinds); n != want {
				t.Errorf("%s: %d matches, want %d", kinds, n, want)
			}
		}
	}
}

// storage keeps runs as a store does: nodes event by event, those of dead events left out.
type storage struct {
	events map[uint64]*nfa.Event[letter]
	nodes  map[uint64][]byte
	runs   []byte
}

func (s *storage) put(e *nfa.Event[letter], runs nfa.Runs[letter], out nfa.Outcome[letter]) {
	if len(out.Nodes) > 0 {
		s.events[e.Seq], s.nodes[e.Seq] = e, nfa.AppendNodes(nil, out.Nodes)
	}
	living := map[uint64]bool{}
	runs.Living(func(e *nfa.Event[letter]) { living[e.Seq] = true })
	for seq := range s.nodes {
		if !living[seq] {
			delete(s.nodes, seq)
		}
	}
	s.runs = nfa.AppendRuns(nil, runs)
}

func (s *storage) get(a *nfa.Automaton[letter]) (nfa.Runs[letter], error) {
	r := nfa.NewReader(a)
	var seqs []uint64
	for seq := range s.nodes {
		seqs = append(seqs, seq)
	}
	slices.Sort(seqs)
	for _, seq := range seqs {
		if rest, err := r.Nodes(s.events[seq], s.nodes[seq]); err != nil || len(rest) > 0 {
			return nfa.Runs[letter]{}, fmt.Errorf("nodes of %d: %w, %x left", seq, err, rest)
		}
	}
	return r.Runs(s.runs)
}

func TestRunsComeBackFromTheStore(t *testing.T) {
	for seed := range 1000 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		rules, within := randomRules(r)
		p := nfa.Pattern[letter]{Skip: nfa.Skip{Strategy: nfa.SkipStrategy(r.IntN(3))}}
		for _, x := range rules {
			p.Steps = append(p.Steps, x.Step)
		}
		p.Steps[len(p.Steps)-1].Within = time.Duration(within) * time.Millisecond
		kept, stored := compile(t, p), compile(t, p)
		disk := &storage{map[uint64]*nfa.Event[letter]{}, map[uint64][]byte{}, nil}
		for _, e := range randomStream(r) {
			want, got := kept.feed(e.kind, e.at), stored.feed(e.kind, e.at)
			if a, b := taken(want), taken(got); a != b {
				t.Fatalf("seed %d: found %s, want %s", seed, b, a)
			}
			disk.put(&nfa.Event[letter]{Seq: stored.seq, Time: e.at, Value: letter{kind: e.kind, at: e.at}}, stored.runs, got)
			var err error
			if stored.runs, err = disk.get(stored.a); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if again := nfa.AppendRuns(nil, stored.runs); !bytes.Equal(again, disk.runs) {
				t.Fatalf("seed %d: stored %x, then %x", seed, disk.runs, again)
			}
		}
	}
}

func taken(out nfa.Outcome[letter]) (text string) {
	for _, m := range out.Matches {
		text += "("
		for _, x := range m.Taken() {
			text += fmt.Sprint(x.Step, x.Event.Seq, " ")
		}
		text += ")"
	}
	return text
}

func TestStoredRunsStayReadable(t *testing.T) {
	first := loop(step("b", nfa.Begin, 'b'))
	first.Within = time.Second
	p := nfa.Pattern[letter]{Steps: []nfa.Step[letter]{first, step("c", nfa.FollowedBy, 'c')}, Skip: nfa.Skip{Strategy: nfa.SkipPast}}
	m := compile(t, p)
	m.feed('b', 1000)
	out := m.feed('b', 1300)
	if got := hex.EncodeToString(nfa.AppendRuns(nil, m.runs)); got != "010302010100d00fd80402020000a81400040000" {
		t.Errorf("runs are stored as %s", got)
	}
	if got := hex.EncodeToString(nfa.AppendNodes(nil, out.Nodes)); got != "01000100" {
		t.Errorf("nodes are stored as %s", got)
	}
}

func TestDamagedRunsAreRefused(t *testing.T) {
	m := compile(t, nfa.Pattern[letter]{Steps: []nfa.Step[letter]{step("a", nfa.Begin, 'a'), step("b", nfa.FollowedBy, 'b')}})
	out := m.feed('a', 1000)
	runs, nodes := nfa.AppendRuns(nil, m.runs), nfa.AppendNodes(nil, out.Nodes)
	e := &nfa.Event[letter]{Seq: 1, Time: 1000}
	for n := range runs {
		r := nfa.NewReader(m.a)
		if _, err := r.Nodes(e, nodes); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Runs(runs[:n]); !errors.Is(err, nfa.ErrDamaged) {
			t.Errorf("%d of %d bytes are read: %v", n, len(runs), err)
		}
	}
	for n := range nodes {
		if _, err := nfa.NewReader(m.a).Nodes(e, nodes[:n]); !errors.Is(err, nfa.ErrDamaged) {
			t.Errorf("%d of %d bytes of nodes are read: %v", n, len(nodes), err)
		}
	}
	if _, err := nfa.NewReader(m.a).Runs(runs); !errors.Is(err, nfa.ErrDamaged) {
		t.Errorf("runs without their nodes are read: %v", err)
	}
}
