package view

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka/storage"
)

// partition is a partition's storage as goka sees it: it only asks where to go on.
type partition struct {
	view   *View
	number int32
}

var errUpdateOnly = errors.New("views are read through View")

// GetOffset implements storage.Storage: the offset of the last record applied.
func (p *partition) GetOffset(def int64) (int64, error) {
	p.view.mu.RLock()
	defer p.view.mu.RUnlock()
	if next := p.view.position[p.number]; next > 0 {
		return next - 1, nil
	}
	return def, nil
}

// Open implements storage.Storage.
func (p *partition) Open() error { return nil }

// Close implements storage.Storage.
func (p *partition) Close() error { return nil }

// SetOffset implements storage.Storage; View.apply has noted it.
func (p *partition) SetOffset(int64) error { return nil }

// MarkRecovered implements storage.Storage.
func (p *partition) MarkRecovered() error {
	p.view.caughtUp(p.number)
	return nil
}

// Has implements storage.Storage.
func (p *partition) Has(string) (bool, error) { return false, errUpdateOnly }

// Get implements storage.Storage.
func (p *partition) Get(string) ([]byte, error) { return nil, errUpdateOnly }

// Set implements storage.Storage.
func (p *partition) Set(string, []byte) error { return errUpdateOnly }

// Delete implements storage.Storage.
func (p *partition) Delete(string) error { return errUpdateOnly }

// Iterator implements storage.Storage.
func (p *partition) Iterator() (storage.Iterator, error) { return nil, errUpdateOnly }

// IteratorWithRange implements storage.Storage.
func (p *partition) IteratorWithRange(_, _ []byte) (storage.Iterator, error) {
	return nil, errUpdateOnly
}

// topics is goka's topic manager. The end it tells is that of the last visible record: behind it may be
// nothing but transaction markers, which are never delivered, and goka would wait for them for ever.
type topics struct {
	view   *View
	client sarama.Client
}

// Partitions implements goka.TopicManager.
func (t *topics) Partitions(topic string) ([]int32, error) {
	n, err := t.view.admin.Partitions(context.Background(), topic)
	if err != nil {
		return nil, err
	}
	if int(n) != t.view.spec.Info.Partitions {
		return nil, fmt.Errorf("topic %s has %d partitions now, it had %d: start the program again", topic, n, t.view.spec.Info.Partitions)
	}
	ps := make([]int32, n)
	for i := range ps {
		ps[i] = int32(i)
	}
	return ps, nil
}

// GetOffset implements goka.TopicManager.
func (t *topics) GetOffset(topic string, partition int32, at int64) (int64, error) {
	if at == sarama.OffsetNewest {
		return t.view.admin.LastVisible(context.Background(), topic, partition)
	}
	return t.client.GetOffset(topic, partition, at)
}

// EnsureTableExists implements goka.TopicManager: who writes a table creates it.
func (t *topics) EnsureTableExists(string, int) error { return nil }

// EnsureStreamExists implements goka.TopicManager.
func (t *topics) EnsureStreamExists(string, int) error { return nil }

// EnsureTopicExists implements goka.TopicManager.
func (t *topics) EnsureTopicExists(string, int, int, map[string]string) error { return nil }

// Close implements goka.TopicManager.
func (t *topics) Close() error { return t.client.Close() }

// raw is goka's codec of values that we decode ourselves.
type raw struct{}

// Encode implements goka.Codec.
func (raw) Encode(v any) ([]byte, error) { return v.([]byte), nil }

// Decode implements goka.Codec.
func (raw) Decode(b []byte) (any, error) { return b, nil }

// gokaLog passes what goka says on as debug messages.
type gokaLog struct{ log *slog.Logger }

func (l gokaLog) Print(a ...any)                 { l.log.Debug(fmt.Sprint(a...)) }
func (l gokaLog) Println(a ...any)               { l.log.Debug(fmt.Sprint(a...)) }
func (l gokaLog) Printf(format string, a ...any) { l.log.Debug(fmt.Sprintf(format, a...)) }
