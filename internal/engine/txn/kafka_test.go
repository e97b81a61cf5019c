package txn

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// real returns the brokers that the environment names.
func real(t *testing.T) *kafka {
	t.Helper()
	brokers := os.Getenv("TRIBUTARY_BROKERS")
	if brokers == "" {
		t.Skip("set TRIBUTARY_BROKERS=host:port,... to run this against a Kafka cluster; it creates topics and deletes them")
	}
	return see(t, strings.Split(brokers, ","))
}

// topic creates one for the test, with three partitions.
func (k *kafka) topic(name string) string {
	k.Helper()
	admin := kadm.NewClient(k.client)
	name = fmt.Sprintf("%s-%d", name, time.Now().UnixNano())
	if _, err := admin.CreateTopic(k.ctx, 3, -1, nil, name); err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { _, _ = admin.DeleteTopics(k.ctx, name) })
	return name
}

func TestOnKafkaCommitsAreWholeAndASuccessorFences(t *testing.T) {
	k := real(t)
	in, out := k.topic("txn-test-in"), k.topic("txn-test-out")
	unique := func(c *Config) { c.TransactionalID = out; c.Group = out; c.MaxBatchBytes = 2000 }
	sales := func(from, to int) (*Transaction, []string) {
		var values []string
		for i := from; i < to; i++ {
			values = append(values, fmt.Sprint("sale ", i))
		}
		t := sale("", int64(to))
		t.Member.GroupID = out
		t.Offsets = map[TopicPartition]Offset{{in, 0}: {Next: int64(to)}}
		t.Batches = []*Batch{batch(TopicPartition{out, 0}, values...), batch(TopicPartition{out, 1}, values...)}
		return t, values
	}

	first := k.writer(unique)
	var all []string
	for i := range 20 {
		transaction, values := sales(100*i, 100*(i+1))
		k.commit(first, transaction)
		all = slices.Concat(all, values)
	}
	second := k.writer(unique)
	late, _ := sales(9000, 9100)
	if err := first.Commit(k.ctx, late); !errors.Is(err, ErrFenced) {
		t.Errorf("the first writer's error is %v", err)
	}
	transaction, values := sales(2000, 2100)
	k.commit(second, transaction)
	all = slices.Concat(all, values)

	for i, b := range transaction.Batches {
		got := k.expect(TopicPartition{out, int32(i)}, all...)
		if last := got[len(got)-1].Offset; b.Last != last {
			t.Errorf("last is %d, want %d", b.Last, last)
		}
	}
	offsets, err := kadm.NewClient(k.client).FetchOffsets(k.ctx, out)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := offsets.Lookup(in, 0); got.At != 2100 {
		t.Errorf("the group's offset is %d, want 2100", got.At)
	}
}
