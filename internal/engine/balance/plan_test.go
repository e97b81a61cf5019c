package balance

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// group is a consumer group between two rebalances: what each member remembers.
type group struct {
	partitions []int32
	generation int32
	members    map[string]claimant
}

func newGroup(partitions int, names ...string) *group {
	g := &group{members: make(map[string]claimant)}
	for p := range partitions {
		g.partitions = append(g.partitions, int32(p))
	}
	g.join(names...)
	return g
}

func (g *group) join(names ...string) {
	for _, name := range names {
		// As Kafka does, the member id differs from the instance's name.
		g.members[name] = claimant{id: name + "-id", name: name, generation: noGeneration}
	}
}

// rebalance makes the next generation and lets the members remember it.
func (g *group) rebalance() map[string][]int32 {
	members := slices.Collect(maps.Values(g.members)) // in random order
	plan := assign(members, g.partitions)
	g.generation++
	byName := make(map[string][]int32)
	for name, m := range g.members {
		m.generation, m.had = g.generation, plan[m.id]
		g.members[name] = m
		byName[name] = plan[m.id]
	}
	return byName
}

func instances(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("instance-%d", i)
	}
	return names
}

// drawGroup is a group with an arbitrary past: members that claim anything, of any generation.
func drawGroup(t *rapid.T) *group {
	n := rapid.IntRange(1, 60).Draw(t, "partitions")
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,6}`), 1, 9, rapid.ID[string]).Draw(t, "members")
	g := newGroup(n, names...)
	for _, name := range names {
		m := g.members[name]
		m.generation = rapid.Int32Range(-1, 4).Draw(t, "generation")
		m.had = rapid.SliceOf(rapid.Int32Range(-2, 70)).Draw(t, "had") // some do not exist, some twice
		g.members[name] = m
	}
	g.generation = 5
	return g
}

func checkPlan(t rapid.TB, g *group, plan map[string][]int32) {
	t.Helper()
	var all []int32
	least, most := len(g.partitions), 0
	for _, given := range plan {
		all = append(all, given...)
		least, most = min(least, len(given)), max(most, len(given))
	}
	slices.Sort(all)
	if !slices.Equal(all, g.partitions) {
		t.Fatalf("given out are %v, not each of %v once: %v", all, g.partitions, plan)
	}
	if most-least > 1 {
		t.Fatalf("shares of %d and %d partitions: %v", least, most, plan)
	}
}

func moved(before, after map[string][]int32) int {
	n := 0
	for name, given := range after {
		for _, p := range given {
			if !slices.Contains(before[name], p) {
				n++
			}
		}
	}
	return n
}

func TestEachPartitionIsGivenOnceAndEvenlyWhateverMembersClaim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		checkPlan(t, g, g.rebalance())
	})
}

func TestAPlanDoesNotDependOnTheOrderOfMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		members := slices.SortedFunc(maps.Values(g.members), func(a, b claimant) int { return len(a.had) - len(b.had) })
		first := assign(slices.Clone(members), g.partitions)
		shuffled := rapid.Permutation(members).Draw(t, "order")
		if again := assign(shuffled, g.partitions); !maps.EqualFunc(first, again, slices.Equal) {
			t.Fatalf("one order gives %v, another %v", first, again)
		}
	})
}

func TestNothingMovesWhenTheMembersStayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		before := g.rebalance()
		if after := g.rebalance(); moved(before, after) != 0 {
			t.Fatalf("%v became %v", before, after)
		}
	})
}

func TestOnlyTheShareOfTheNewcomerMovesWhenOneJoins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		before := g.rebalance()
		g.join("A newcomer") // capitals: no drawn name
		after := g.rebalance()
		checkPlan(t, g, after)
		if got, want := moved(before, after), len(after["A newcomer"]); got != want {
			t.Fatalf("%d partitions moved, the newcomer got %d: %v became %v", got, want, before, after)
		}
		if fair := len(g.partitions) / len(g.members); len(after["A newcomer"]) > fair+1 {
			t.Fatalf("the newcomer got %d of %d", len(after["A newcomer"]), len(g.partitions))
		}
	})
}

func TestOnlyTheShareOfTheLeaverMovesWhenOneLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t)
		g.join("Another")
		before := g.rebalance()
		leaver := rapid.SampledFrom(slices.Sorted(maps.Keys(g.members))).Draw(t, "leaver")
		delete(g.members, leaver)
		after := g.rebalance()
		checkPlan(t, g, after)
		if got, want := moved(before, after), len(before[leaver]); got != want {
			t.Fatalf("%d partitions moved, the leaver had %d: %v became %v", got, want, before, after)
		}
	})
}

func TestMembersWithoutMemoryGetTheSamePlanAfterARestartOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "partitions")
		names := instances(rapid.IntRange(1, 9).Draw(t, "members"))
		first, second := newGroup(n, names...), newGroup(n, names...)
		for name, m := range second.members {
			m.id = rapid.StringMatching(`[a-z]{8}`).Draw(t, "new id") + name
			second.members[name] = m
		}
		if before, after := first.rebalance(), second.rebalance(); moved(before, after) != 0 {
			t.Fatalf("%v became %v", before, after)
		}
	})
}

func TestTwoInstancesThatStartOneAfterTheOtherEndUpWhereARestartOfBothWouldPutThem(t *testing.T) {
	for n := 2; n <= 32; n += 2 {
		both := newGroup(n, "a", "b").rebalance()
		g := newGroup(n, "a")
		g.rebalance()
		g.join("b")
		if after := g.rebalance(); moved(both, after) != 0 {
			t.Errorf("%d partitions: together %v, one after the other %v", n, both, after)
		}
	}
}

func TestTheLaterGenerationIsRightWhenTwoClaimAPartition(t *testing.T) {
	members := []claimant{
		{id: "away", name: "away", generation: 3, had: []int32{0, 1}},
		{id: "here", name: "here", generation: 7, had: []int32{0, 1}},
	}
	for range 2 {
		plan := assign(slices.Clone(members), []int32{0, 1, 2, 3})
		if !slices.Equal(plan["here"], []int32{0, 1}) {
			t.Fatalf("the member of generation 7 got %v, not what it had", plan["here"])
		}
		slices.Reverse(members)
	}
}

func TestMembersBeyondTheNumberOfPartitionsGetNone(t *testing.T) {
	g := newGroup(2, instances(5)...)
	plan := g.rebalance()
	checkPlan(t, g, plan)
}

// Members of different versions lead the group in turn: a changed score would move state at each change of leader. The
// values were computed apart from this code, from the definitions of FNV-1a and MurmurHash3.
func TestTheScoreNeverChanges(t *testing.T) {
	for want, got := range map[uint64]uint64{
		0x66f20d00d20f3d73: score("instance-0", 0),
		0x7df2673fb55c966e: score("instance-0", 1),
		0x3af0ca0799c94530: score("", 11),
	} {
		if got != want {
			t.Errorf("score is %#x, was %#x", got, want)
		}
	}
}
