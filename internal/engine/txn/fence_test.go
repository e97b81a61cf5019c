package txn

import (
	"errors"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestASecondWriterFencesTheFirst(t *testing.T) {
	k, _ := fake(t)
	first := k.writer()
	k.commit(first, sale("first", 1))
	second := k.writer()

	for range 2 {
		if err := first.Commit(k.ctx, sale("zombie", 9)); !errors.Is(err, ErrFenced) {
			t.Fatalf("error is %v", err)
		} else if strings.Contains(err.Error(), "Unknown error") {
			t.Errorf("error %v does not say why", err)
		}
	}
	k.commit(second, sale("second", 2))
	k.expect(table, "first row", "second row")
	k.expectOffset(input, 2, "watermark of second")
}

func TestASuccessorUndoesATransactionUnderWay(t *testing.T) {
	k, c := fake(t)
	first := k.writer()
	underWay, takenOver := make(chan struct{}), make(chan struct{})
	c.ControlKey(int16(kmsg.TxnOffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.DropControl()
		close(underWay)
		c.SleepControl(func() { <-takenOver })
		return nil, nil, false
	})
	failed := make(chan error, 1)
	go func() { failed <- first.Commit(k.ctx, sale("zombie", 9)) }()

	<-underWay // its records are in the log
	second := k.writer()
	close(takenOver)
	if err := <-failed; !errors.Is(err, ErrFenced) {
		t.Fatalf("error is %v", err)
	}
	k.commit(second, sale("second", 2))
	k.expect(table, "second row")
	k.expectOffset(input, 2, "watermark of second")
}

func TestAMemberThatIsNotCurrentIsRefused(t *testing.T) {
	stale := map[string]func(*sarama.ConsumerGroupMetadata){
		"generation": func(m *sarama.ConsumerGroupMetadata) { m.GenerationID-- },
		"member":     func(m *sarama.ConsumerGroupMetadata) { m.MemberID = "who left" },
	}
	for name, change := range stale {
		t.Run(name, func(t *testing.T) {
			k, _ := fake(t)
			member := k.join()
			current := sale("current", 1)
			current.Member = member
			k.commit(k.writer(), current)

			former := *member
			change(&former)
			late := sale("late", 9)
			late.Member = &former
			if err := k.writer().Commit(k.ctx, late); !errors.Is(err, ErrFenced) {
				t.Fatalf("error is %v", err)
			}
			k.expect(table, "current row")
			k.expectOffset(input, 1, "watermark of current")
		})
	}
}
