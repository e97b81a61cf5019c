package eostest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/eostest"
)

// honest is what a run without mistakes leaves behind: four records, of which the counting group has committed three.
func honest() eostest.Left {
	x := eostest.Topics{Name: "x"}
	in := partition(`a {"k":"a","n":5}`, `b {"k":"b","n":-7}`, `a {"k":"a","n":3}`, `a {"k":"a","n":9}`)
	via := partition(`a {"k":"a","n":5}`, `b {"k":"b","n":-7}`, "\x00w ", `a {"k":"a","n":3}`, `a {"k":"a","n":9}`)
	at := func(topic string, offset int64) map[string]map[int32]int64 {
		return map[string]map[int32]int64{topic: {0: offset}}
	}
	return eostest.Left{
		Topics: x, Partitions: 1,
		Records: map[string][]brokers.Record{
			x.Data(): in, x.Echo(): slices.Clone(in), x.Repartition(): via,
			x.Min():   partition("a 5", "b -7", "a 3", "a 3"),
			x.Sum():   partition("a 5", "b -7", "a 8", "a 17"),
			x.Max():   partition("a 5", "b -7", "a 5", "a 9"),
			x.Count(): partition("a 1", "b 1", "a 2"),
		},
		Committed: map[string]map[string]map[int32]int64{
			"x-data-reader": at(x.Data(), 4), "x-min-of": at(x.Data(), 4), "x-sum-of": at(x.Data(), 4),
			"x-max-of": at(x.Repartition(), 5), "x-cnt-of": at(x.Repartition(), 4),
		},
	}
}

// partition makes records of "key value".
func partition(texts ...string) []brokers.Record {
	rs := make([]brokers.Record, len(texts))
	for i, text := range texts {
		key, value, _ := strings.Cut(text, " ")
		rs[i] = brokers.Record{Offset: int64(i), Key: []byte(key), Value: []byte(value)}
	}
	return rs
}

func TestAnHonestRunIsExact(t *testing.T) {
	if r := eostest.Verify(honest()); !r.Exact() || r.Records != 4 || r.Told != 23 || r.Waiting != 1 {
		t.Errorf("nothing is wrong, and the verifier says: %v", r)
	}
}

func TestEachMistakeInEachResultIsFound(t *testing.T) {
	mistakes := map[string]func(rs []brokers.Record) []brokers.Record{
		"a lost record":              func(rs []brokers.Record) []brokers.Record { return slices.Delete(rs, 1, 2) },
		"the last record is lost":    func(rs []brokers.Record) []brokers.Record { return rs[:len(rs)-1] },
		"a record twice":             func(rs []brokers.Record) []brokers.Record { return slices.Insert(rs, 1, rs[1]) },
		"the last record twice":      func(rs []brokers.Record) []brokers.Record { return append(rs, rs[len(rs)-1]) },
		"two records changed places": func(rs []brokers.Record) []brokers.Record { rs[0], rs[1] = rs[1], rs[0]; return rs },
		"another value": func(rs []brokers.Record) []brokers.Record {
			rs[0].Value = []byte(strings.NewReplacer("5", "6", "1", "6").Replace(string(rs[0].Value)))
			return rs
		},
		"another key": func(rs []brokers.Record) []brokers.Record { rs[2].Key = []byte("b"); return rs },
	}
	x := honest().Topics
	for _, topic := range x.Told() {
		for name, mistake := range mistakes {
			l := honest()
			l.Records[topic] = mistake(slices.Clone(l.Records[topic]))
			expectFound(t, topic+": "+name, l, topic)
		}
	}
}

// The offsets are part of what must fit: ahead of the results a record is lost, behind them it will be told of twice.
func TestOffsetsThatDoNotFitAreFound(t *testing.T) {
	for group, topics := range honest().Committed {
		for topic, offsets := range topics {
			for _, by := range []int64{-1, +1} {
				l := honest()
				if group != "x-cnt-of" && by > 0 {
					continue // there is no record to be lost
				}
				l.Committed[group][topic][0] = offsets[0] + by
				expectFound(t, group, l, "follow from the committed input")
			}
		}
	}
}

func TestADeadLetterIsFound(t *testing.T) {
	l := honest()
	l.Records[l.Topics.Letters()] = partition("a {")
	expectFound(t, "a dead letter", l, "1 dead letters")
}

func expectFound(t *testing.T, what string, l eostest.Left, text string) {
	t.Helper()
	if r := eostest.Verify(l); r.Exact() || !strings.Contains(strings.Join(r.Examples, "\n"), text) {
		t.Errorf("%s, and the verifier says: %v", what, r)
	}
}
