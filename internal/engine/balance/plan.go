package balance

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
)

// claimant is a member of the group.
type claimant struct {
	id         string  // given by the broker, unique
	name       string  // the instance's, the same after a restart
	generation int32   // in which it got what it had
	had        []int32 // the partitions it still claims
}

// share is what a member gets, while the plan grows.
type share struct {
	claimant
	kept  []int32 // of what it had, the best liked first
	given []int32
}

// assign gives each partition to one member. The shares differ by one at most. Among those plans it is one that moves
// the fewest partitions; where that leaves a choice, it leans towards the plan that rendezvous makes without any past.
func assign(members []claimant, partitions []int32) map[string][]int32 {
	if len(members) == 0 {
		return nil
	}
	slices.SortFunc(members, func(a, b claimant) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	ideal := rendezvous(members, partitions)
	shares := claims(members, partitions, ideal)
	room := newRoom(len(members), len(partitions))
	taken := keep(shares, room)
	give(shares, room, partitions, taken, ideal)

	plan := make(map[string][]int32, len(shares))
	for _, s := range shares {
		slices.Sort(s.given)
		plan[s.id] = s.given
	}
	return plan
}

// room is how many partitions fit: floor for each member, and one more for so many of them.
type room struct{ floor, extra int }

func newRoom(members, partitions int) *room {
	return &room{floor: partitions / members, extra: partitions % members}
}

// take says whether one who has n may have another, and counts it.
func (r *room) take(n int) bool {
	if n < r.floor {
		return true
	}
	if n == r.floor && r.extra > 0 {
		r.extra--
		return true
	}
	return false
}

// claims resolves who had which partition: the member of the latest generation. One that was away while the others went
// on claims what is not its own any more.
func claims(members []claimant, partitions []int32, ideal map[int32]int) []*share {
	owner := make(map[int32]int, len(partitions))
	for i, m := range members {
		for _, p := range m.had {
			if j, claimed := owner[p]; !claimed || members[j].generation < m.generation {
				owner[p] = i
			}
		}
	}
	shares := make([]*share, len(members))
	for i, m := range members {
		shares[i] = &share{claimant: m}
	}
	for _, p := range partitions { // what a topic no longer has is nobody's
		if i, owned := owner[p]; owned {
			shares[i].kept = append(shares[i].kept, p)
		}
	}
	for i, s := range shares {
		slices.SortFunc(s.kept, func(p, q int32) int { return preference(s.name, ideal, i, p, q) })
	}
	return shares
}

// preference orders partitions by how much a member should have them: those of the ideal plan, then by score. Going by
// it when something must be given up leads back to the ideal plan.
func preference(name string, ideal map[int32]int, member int, p, q int32) int {
	rank := func(p int32) int {
		if ideal[p] == member {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(p), rank(q)), cmp.Compare(score(name, q), score(name, p)), cmp.Compare(p, q))
}

// keep lets members have what they had, as far as there is room. Only one that had more than the floor asks for an extra
// place, and each extra place saves one move, whoever gets it: the order of members does not matter.
func keep(shares []*share, room *room) map[int32]bool {
	taken := make(map[int32]bool)
	for _, s := range shares {
		for _, p := range s.kept {
			if !room.take(len(s.given)) {
				break
			}
			s.given = append(s.given, p)
			taken[p] = true
		}
	}
	return taken
}

// give hands out what nobody kept: to the member of the ideal plan if it has room, then by score.
func give(shares []*share, room *room, partitions []int32, taken map[int32]bool, ideal map[int32]int) {
	var left []int32
	for _, p := range partitions {
		if taken[p] {
			continue
		}
		if s := shares[ideal[p]]; room.take(len(s.given)) {
			s.given = append(s.given, p)
			continue
		}
		left = append(left, p)
	}
	for _, b := range bids(shares, left) {
		if s := shares[b.member]; !taken[b.partition] && room.take(len(s.given)) {
			s.given = append(s.given, b.partition)
			taken[b.partition] = true
		}
	}
}

// rendezvous is the plan without a past: the highest bids win, as long as there is room (Thaler and Ravishankar's
// highest random weight, with even shares). It maps partitions to indices of members, which must be in order.
func rendezvous(members []claimant, partitions []int32) map[int32]int {
	shares := make([]*share, len(members))
	for i, m := range members {
		shares[i] = &share{claimant: m}
	}
	room := newRoom(len(members), len(partitions))
	plan := make(map[int32]int, len(partitions))
	load := make([]int, len(members))
	for _, b := range bids(shares, partitions) {
		if _, gone := plan[b.partition]; !gone && room.take(load[b.member]) {
			plan[b.partition] = b.member
			load[b.member]++
		}
	}
	return plan
}

// bid is how much a member wants a partition.
type bid struct {
	member    int
	partition int32
	score     uint64
}

// bids are those of every member for every partition, the highest first.
func bids(shares []*share, partitions []int32) []bid {
	all := make([]bid, 0, len(shares)*len(partitions))
	for i, s := range shares {
		for _, p := range partitions {
			all = append(all, bid{i, p, score(s.name, p)})
		}
	}
	slices.SortFunc(all, func(a, b bid) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.partition, b.partition), cmp.Compare(a.member, b.member))
	})
	return all
}

// score mixes the name of an instance with a partition. It must never change: all members compute the same plan from it,
// whatever version they run.
func score(name string, partition int32) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(strconv.AppendInt(nil, int64(partition), 10))
	// FNV's upper bits hardly depend on the last bytes; this spreads them (the finaliser of MurmurHash3).
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
