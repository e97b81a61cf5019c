package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/internal/engine/bulk"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/internal/task"
)

const (
	// rebuildBytes is the memory in which a rebuilt store's records are collected; what is above it is laid aside
	// on the disk, and merged in the end.
	rebuildBytes = 64 << 20
	// maxRebuilds bounds how many stores of a group are rebuilt side by side, and so the memory.
	maxRebuilds = 4
)

// slots are as many as there are processors to keep busy while one store waits for the broker.
func slots() chan struct{} { return make(chan struct{}, min(maxRebuilds, runtime.GOMAXPROCS(0)+1)) }

// rebuild is rebuildStore when there is room for one more.
func (l *life) rebuild(ctx context.Context, c changelog) (*localStore, error) {
	r := &l.group.recovery
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := rebuildStore(ctx, l.group.e.admin, c, rebuildBytes)
	return s, advised(err)
}

// rebuildStore makes the store of a changelog up to its barrier. No part of it is at c.dir before the whole is, so
// that a process that is killed meanwhile begins anew.
func rebuildStore(ctx context.Context, admin *client.Admin, c changelog, memory int) (*localStore, error) {
	complete := time.Now() // what is read from now on is not older than now
	b, err := storeBuilder(c, memory)
	if err != nil {
		return nil, err
	}
	read, err := fill(ctx, b, admin, c)
	if err == nil {
		err = putAbout(b, c, complete)
	}
	if err != nil {
		return nil, errors.Join(err, b.Discard())
	}
	if err := b.Finish(ctx); err != nil {
		return nil, err
	}
	s, err := openDB(c.dir, c.id)
	if err != nil {
		return nil, err
	}
	s.recOff, s.recBytes = c.barrier, read
	s.completeAt(complete)
	return s, nil
}

func storeBuilder(c changelog, memory int) (*bulk.Builder, error) {
	return bulk.New(c.dir, dbOptions(), memory)
}

// fill puts into b what the changelog holds, and returns how many bytes were read.
func fill(ctx context.Context, b *bulk.Builder, admin *client.Admin, c changelog) (read int64, err error) {
	err = admin.ScanThrough(ctx, c.topic, c.partition, 0, c.barrier, func(key, value []byte, _ int64) error {
		if string(key) == task.BarrierKey {
			return nil
		}
		read += int64(len(key) + len(value))
		return b.Put(key, value)
	})
	return read, err
}

// putAbout puts into b what only a local store has.
func putAbout(b *bulk.Builder, c changelog, complete time.Time) error {
	a, err := about{TopicID: c.id, Complete: complete.UTC()}.encode()
	if err != nil {
		return err
	}
	return errors.Join(b.Put([]byte(aboutKey), a), b.Put([]byte(offsetKey), strconv.AppendInt(nil, c.barrier, 10)))
}

// remove deletes a store that is not believed or holds nothing.
func (s *localStore) remove() error {
	if err := errors.Join(s.db.Close(), os.RemoveAll(s.dir)); err != nil {
		return fmt.Errorf("remove the local store %s: %w", s.dir, err)
	}
	return nil
}
