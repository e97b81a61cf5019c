package bulk

import (
	"bufio"
	"bytes"
	"context"
	"errors"

	"github.com/syndtr/goleveldb/leveldb/iterator"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/table"
)

// tables writes the tables of a database.
type tables struct {
	disk    storage.Storage
	options *opt.Options // for tables
	next    int64        // number of the next file
	key     []byte       // scratch
}

// file is a table of the database.
type file struct {
	number      int64
	size        int64
	first, last []byte // keys
}

// run is a table that was laid aside.
type run struct {
	fd   storage.FileDesc
	size int64
}

func newTables(disk storage.Storage, o *opt.Options) *tables {
	return &tables{disk: disk, options: tableOptions(o), next: 1}
}

func (t *tables) number() int64 {
	n := t.next
	t.next++
	return n
}

// writer writes one table.
type writer struct {
	*table.Writer
	file   storage.Writer
	buffer *bufio.Writer
}

const writeBytes = 256 << 10

func (t *tables) create(fd storage.FileDesc, o *opt.Options) (*writer, error) {
	f, err := t.disk.Create(fd)
	if err != nil {
		return nil, err
	}
	b := bufio.NewWriterSize(f, writeBytes)
	return &writer{table.NewWriter(b, o), f, b}, nil
}

// finish completes the table; a durable one is on the disk then.
func (w *writer) finish(durable bool) error {
	err := w.Writer.Close()
	if err == nil {
		err = w.buffer.Flush()
	}
	if err == nil && durable {
		err = w.file.Sync()
	}
	return errors.Join(err, w.file.Close())
}

// layAside writes a sorted chunk, deletions too, to a table for merge. sequence says how new it is.
func (t *tables) layAside(c *chunk, sequence uint64) (run, error) {
	o := *t.options
	o.Filter = nil // nobody looks for a key in it
	fd := storage.FileDesc{Type: storage.TypeTemp, Num: t.number()}
	w, err := t.create(fd, &o)
	if err != nil {
		return run{}, err
	}
	err = c.newest(func(key, value []byte) error {
		t.key = appendKey(t.key[:0], key, sequence, value == nil)
		return w.Append(t.key, value)
	})
	err = errors.Join(err, w.finish(false))
	return run{fd, int64(w.BytesLen())}, err
}

// split writes a sorted chunk to the tables of the database.
func (t *tables) split(ctx context.Context, c *chunk) ([]file, error) {
	s := splitter{tables: t, ctx: ctx}
	err := c.newest(func(key, value []byte) error {
		if value == nil {
			return nil
		}
		t.key = appendKey(t.key[:0], key, 1, false)
		return s.append(t.key, value)
	})
	return s.finish(err)
}

// merge writes what was laid aside, the newest of each key, to the tables of the database, and removes it.
func (t *tables) merge(ctx context.Context, runs []run) ([]file, error) {
	s := splitter{tables: t, ctx: ctx}
	err := t.eachOf(runs, func(key, value []byte) error {
		if isDeletion(key) {
			return nil
		}
		return s.append(key, value)
	})
	files, err := s.finish(err)
	for _, r := range runs {
		err = errors.Join(err, t.disk.Remove(r.fd))
	}
	return files, err
}

// eachOf calls f for the newest record of each key in the order of keys.
func (t *tables) eachOf(runs []run, f func(key, value []byte) error) (err error) {
	its := make([]iterator.Iterator, len(runs))
	for i, r := range runs {
		opened, err := t.disk.Open(r.fd)
		if err != nil {
			return err
		}
		defer opened.Close()
		reader, err := table.NewReader(opened, r.size, r.fd, nil, nil, t.options)
		if err != nil {
			return err
		}
		defer reader.Release()
		its[i] = reader.NewIterator(nil, nil)
		defer its[i].Release()
	}
	it := iterator.NewMergedIterator(its, t.options.GetComparer(), true)
	defer it.Release()
	return newestOf(it, f)
}

func newestOf(it iterator.Iterator, f func(key, value []byte) error) error {
	var last []byte
	for some := false; it.Next(); some = true {
		key := userKey(it.Key())
		if some && bytes.Equal(key, last) {
			continue
		}
		last = append(last[:0], key...)
		if err := f(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return it.Error()
}
