package topic

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"

	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/embedded"
	"github.com/tributary-go/tributary/internal/engine/client"
)

func config(t *testing.T, topics map[string]int32) Config {
	t.Helper()
	b, err := embedded.Start(embedded.Options{Topics: topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return Config{
		Connection: client.Connection{Brokers: b.Addrs()},
		Capture:    cdc.Capture{Name: "clicks", Table: "t", Topic: "clicks", Cleanup: "delete"},
		Partitions: 3,
	}
}

func open(t *testing.T, c Config, o Owner) (*Topic, *cdc.Position) {
	t.Helper()
	x, p, err := Open(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x, p
}

func position(offset uint32) cdc.Position {
	return cdc.Position{At: cdc.Offset("binlog.000001", offset), Time: time.UnixMilli(1000), Partitions: 3, Shape: "s"}
}

func TestANewCaptureHasNoPosition(t *testing.T) {
	x, p := open(t, config(t, nil), NewOwner())
	if p != nil || x.Partitions() != 3 {
		t.Errorf("position %+v, %d partitions", p, x.Partitions())
	}
}

func TestTheNextProcessFindsWhatWasCommittedLast(t *testing.T) {
	c := config(t, nil)
	for i := range uint32(100) { // more than the first window of the reader
		if i%25 != 0 {
			continue
		}
		x, p := open(t, c, NewOwner())
		if i > 0 && (p == nil || p.At.String() != fmt.Sprintf("binlog.000001:%d", i)) {
			t.Fatalf("after %d commits: %+v", i, p)
		}
		for j := range uint32(25) {
			if err := x.Commit(t.Context(), []cdc.Row{{Key: []byte("k")}}, position(i+j+1)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAPositionThatLiesFarBackIsFound(t *testing.T) {
	c := config(t, nil)
	x, _ := open(t, c, NewOwner())
	if err := x.Commit(t.Context(), nil, position(7)); err != nil {
		t.Fatal(err)
	}
	other := c
	other.Capture.Name = "others"
	y, _ := open(t, other, NewOwner()) // shares the topic of positions
	for range 100 {
		if err := y.Commit(t.Context(), nil, position(9)); err != nil {
			t.Fatal(err)
		}
	}
	if _, p := open(t, c, NewOwner()); p == nil || p.At.String() != "binlog.000001:7" {
		t.Errorf("position %+v", p)
	}
}

func TestAnElderProcessLearnsWhoHasTakenItsPlace(t *testing.T) {
	c := config(t, nil)
	elder, _ := open(t, c, NewOwner())
	open(t, c, NewOwner())
	err := elder.Commit(t.Context(), []cdc.Row{{Key: []byte("k"), Value: []byte("v")}}, position(1))
	if !errors.Is(err, cdc.ErrTaken) || !errors.Is(err, cdc.ErrStop) || !strings.Contains(err.Error(), "process ") {
		t.Errorf("got %v", err)
	}
}

func TestAProcessThatFencesItselfIsNotTakenOver(t *testing.T) {
	c, o := config(t, nil), NewOwner()
	elder, _ := open(t, c, o)
	open(t, c, o)
	err := elder.Commit(t.Context(), nil, position(1))
	if err == nil || errors.Is(err, cdc.ErrTaken) || errors.Is(err, cdc.ErrStop) {
		t.Errorf("got %v", err)
	}
}

func TestARowThatIsTooLargeIsNamed(t *testing.T) {
	x, _ := open(t, config(t, nil), NewOwner())
	rows := []cdc.Row{{Key: []byte("small"), Value: []byte("v")}, {Key: []byte("large"), Value: make([]byte, 3<<20)}}
	err := x.Commit(t.Context(), rows, position(1))
	if !errors.Is(err, cdc.ErrStop) || !strings.Contains(err.Error(), "key large and 3145728 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestATopicThatGotPartitionsIsRefused(t *testing.T) {
	c := config(t, nil)
	x, _ := open(t, c, NewOwner())
	p := position(1)
	p.Partitions = 2
	if err := x.Commit(t.Context(), nil, p); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(t.Context(), c, NewOwner()); !errors.Is(err, cdc.ErrStop) || !strings.Contains(err.Error(), "has 3 partitions and had 2") {
		t.Errorf("got %v", err)
	}
}

func TestATopicThatExistsKeepsItsPartitions(t *testing.T) {
	c := config(t, map[string]int32{"clicks": 5})
	c.Partitions = 0
	if x, _ := open(t, c, NewOwner()); x.Partitions() != 5 {
		t.Errorf("%d partitions", x.Partitions())
	}
}

func TestAKeyGoesWhereGokaLooksForIt(t *testing.T) {
	x := &Topic{partitions: 7}
	partitioner := sarama.NewCustomHashPartitioner(goka.DefaultHasher())("")
	for i := range 1000 {
		key := fmt.Sprintf(`{"id":%d}`, i)
		want, err := partitioner.Partition(&sarama.ProducerMessage{Key: sarama.StringEncoder(key)}, 7)
		if got := x.partition([]byte(key)); err != nil || got != want {
			t.Fatalf("%s: partition %d, want %d (%v)", key, got, want, err)
		}
	}
}
