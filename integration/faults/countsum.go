package faults

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tributary-go/tributary/integration/exactlyonce"
)

// countSum is the smallest topology with state: each payment makes a new total of its user. Every record counts, and
// what is missing or double shows at once.
func countSum() Case {
	const in, out = "countsum-payments", "countsum-results"
	topics := exactlyonce.Topics{Name: "countsum", In: in, Out: out}
	return Case{
		Name: "countsum", Program: "integration/countsum/cmd/countsum", Bare: true, Inputs: []string{in}, Outputs: []string{out}, Rate: 1500,
		// So a user's results come from the owner of one partition, and tell of its pauses.
		Partition: partitionOfGoka,
		Flags:     func(*Stage) []string { return []string{"--in", in, "--out", out, "--name", topics.Name} },
		Feed:      func(r *rand.Rand) Source { return &payments{topic: in, rand: r} },
		Verify: func(s *Stage) (v Verdict, err error) {
			users := map[string][]int64{} // sums after each payment
			err = read(s, in, func(r *kgo.Record) { v.addPayment(users, r) })
			if err != nil {
				return v, err
			}
			seen := map[string]int{}
			if err := read(s, out, func(r *kgo.Record) { v.checkTotal(users, seen, r) }); err != nil {
				return v, err
			}
			for user, sums := range users {
				if n := seen[user]; n < len(sums) {
					v.lost(len(sums)-n, "user %s: %d outputs for %d payments", user, n, len(sums))
				}
			}
			if v.Exact() { // the table too: see package exactlyonce
				r := exactlyonce.Verify(s.T, s.Cluster, topics)
				v.Wrong += r.Differences
				v.Examples = r.Examples
			}
			return v, nil
		},
	}
}

type payments struct {
	topic string
	rand  *rand.Rand
	made  int
}

func (p *payments) Next() []Entry {
	p.made++
	user := fmt.Sprintf("u%05d", p.rand.IntN(2000))
	return []Entry{{p.topic, user, fmt.Sprintf(`{"user_id":%q,"order_id":"o%d","amount":%d}`, user, p.made, 1+p.rand.IntN(1000))}}
}

func (p *payments) Last() []Entry { return nil }

func (v *Verdict) addPayment(users map[string][]int64, r *kgo.Record) {
	var p struct{ Amount int64 }
	if err := json.Unmarshal(r.Value, &p); err != nil {
		v.wrong("input %s: %v", r.Value, err)
	}
	v.Records++
	user := string(r.Key)
	sum := p.Amount
	if n := len(users[user]); n > 0 {
		sum += users[user][n-1]
	}
	users[user] = append(users[user], sum)
}

// checkTotal: the outputs of a user must count 1, 2, 3 and so on, with the sums that the input has there.
func (v *Verdict) checkTotal(users map[string][]int64, seen map[string]int, r *kgo.Record) {
	var got struct {
		N int
		S int64
	}
	if err := json.Unmarshal(r.Value, &got); err != nil {
		v.wrong("output %s: %v", r.Value, err)
		return
	}
	v.Results++
	user := string(r.Key)
	at := fmt.Sprintf("user %s, output at partition %d, offset %d", user, r.Partition, r.Offset)
	switch before := seen[user]; {
	case got.N <= before:
		v.duplicated(1, "%s: number %d after number %d", at, got.N, before)
		return
	case got.N > before+1:
		v.lost(got.N-before-1, "%s: number %d after number %d", at, got.N, before)
	}
	seen[user] = got.N
	if got.N > len(users[user]) || users[user][got.N-1] != got.S {
		v.wrong("%s: number %d has sum %d, of %d payments", at, got.N, got.S, len(users[user]))
	}
}

// partitionOfGoka is where goka's producers put a key.
func partitionOfGoka(key []byte, n int) int {
	h := fnv.New32a()
	h.Write(key)
	p := int32(h.Sum32())
	if p < 0 {
		p = max(0, -p) // the smallest number has no opposite
	}
	return int(p) % n
}
