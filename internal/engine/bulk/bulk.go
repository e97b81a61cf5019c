// Package bulk makes a LevelDB of many records at once: sorted in memory and written as finished tables, without
// a journal, a memory table and compactions.
//
// What comes out is an ordinary database; goleveldb's own packages write its tables, its manifest's frame and
// CURRENT. Memory is bounded: what is above the limit is sorted and laid aside in a table, and these are merged
// in the end.
package bulk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
)

// suffix of the folder in which a database lies until it is complete.
const suffix = ".incomplete"

// Builder takes in records in the order in which they were written. It is not safe for concurrent use.
type Builder struct {
	dir    string
	limit  int
	disk   storage.Storage
	tables *tables
	chunk  *chunk
	runs   []run // laid aside, the oldest first
	done   bool
}

// chunks are used again by the next builder: their memory is the most of what building costs.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

// New begins a database that will lie in dir, where nothing may be when it is finished; what another builder left
// unfinished there is removed. While one is at work on the same dir, it is an error. o are the options with which it will be opened. limit is how many bytes of memory
// records may take before they are laid aside on the disk.
func New(dir string, o *opt.Options, limit int) (*Builder, error) {
	if err := os.MkdirAll(dir+suffix, 0o755); err != nil {
		return nil, fmt.Errorf("create the folder of a database: %w", err)
	}
	disk, err := storage.OpenFile(dir+suffix, false)
	if err != nil {
		return nil, fmt.Errorf("create the database %s: %w", dir, err)
	}
	if err := empty(disk); err != nil {
		return nil, fmt.Errorf("remove what is left of the unfinished database %s: %w", dir, errors.Join(err, disk.Close()))
	}
	c := chunks.Get().(*chunk)
	c.reset()
	return &Builder{dir: dir, limit: limit, disk: disk, tables: newTables(disk, o), chunk: c}, nil
}

// empty removes the files of a database. The storage's lock is held, so nobody is writing them.
func empty(disk storage.Storage) error {
	fds, err := disk.List(storage.TypeAll)
	for _, fd := range fds {
		err = errors.Join(err, disk.Remove(fd))
	}
	return err
}

// Put takes in a record; it copies what it keeps. A nil value deletes the key.
func (b *Builder) Put(key, value []byte) error {
	b.chunk.add(key, value)
	if b.chunk.size() < b.limit {
		return nil
	}
	return b.layAside()
}

// layAside writes what is in memory to a table of its own.
func (b *Builder) layAside() error {
	b.chunk.sort()
	r, err := b.tables.layAside(b.chunk, uint64(len(b.runs)+1))
	if err != nil {
		return fmt.Errorf("write to %s%s: %w", b.dir, suffix, err)
	}
	b.runs = append(b.runs, r)
	b.chunk.reset()
	return nil
}

// Finish writes the database and puts it in its place, which happens at once or not at all: there is nothing at
// dir before, and everything after. The end of ctx ends it too. The builder is of no use then.
func (b *Builder) Finish(ctx context.Context) error {
	if err := b.write(ctx); err != nil {
		return errors.Join(fmt.Errorf("write the database %s: %w", b.dir, err), b.Discard())
	}
	b.release()
	if err := b.disk.Close(); err != nil {
		return fmt.Errorf("close the database %s: %w", b.dir, err)
	}
	if err := os.Rename(b.dir+suffix, b.dir); err != nil {
		return fmt.Errorf("put the database %s in its place: %w", b.dir, err)
	}
	return nil
}

func (b *Builder) write(ctx context.Context) error {
	files, err := b.writeTables(ctx)
	if err != nil {
		return err
	}
	return writeManifest(b.disk, b.tables, files, uint64(len(b.runs)+1))
}

func (b *Builder) writeTables(ctx context.Context) ([]file, error) {
	if len(b.runs) == 0 {
		b.chunk.sort()
		return b.tables.split(ctx, b.chunk)
	}
	if err := b.layAside(); err != nil {
		return nil, err
	}
	return b.tables.merge(ctx, b.runs)
}

// Discard removes what was written. After Finish it does nothing.
func (b *Builder) Discard() error {
	if b.done {
		return nil
	}
	b.release()
	return errors.Join(b.disk.Close(), os.RemoveAll(b.dir+suffix))
}

func (b *Builder) release() {
	b.done = true
	chunks.Put(b.chunk)
	b.chunk = nil
}
