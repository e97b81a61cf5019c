package bulk

import (
	"bytes"
	"context"
	"errors"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// splitter writes records, which come in order, to tables of the size that LevelDB's own have.
type splitter struct {
	*tables
	ctx   context.Context // asked before each table
	files []file
	now   *writer // nil: the next record begins a table
	last  []byte
}

func (s *splitter) append(key, value []byte) error {
	if s.now == nil {
		if err := s.begin(key); err != nil {
			return err
		}
	}
	if err := s.now.Append(key, value); err != nil {
		return err
	}
	s.last = append(s.last[:0], key...)
	if s.now.BytesLen() < s.options.GetCompactionTableSize(1) {
		return nil
	}
	return s.end()
}

func (s *splitter) begin(first []byte) (err error) {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	f := file{number: s.number(), first: bytes.Clone(first)}
	if s.now, err = s.create(storage.FileDesc{Type: storage.TypeTable, Num: f.number}, s.options); err != nil {
		return err
	}
	s.files = append(s.files, f)
	return nil
}

func (s *splitter) end() error {
	w := s.now
	s.now = nil
	err := w.finish(true)
	f := &s.files[len(s.files)-1]
	f.size, f.last = int64(w.BytesLen()), bytes.Clone(s.last)
	return err
}

// finish ends the last table. err is what ended the records, nil: there are no more.
func (s *splitter) finish(err error) ([]file, error) {
	if s.now != nil {
		err = errors.Join(err, s.end())
	}
	return s.files, err
}
