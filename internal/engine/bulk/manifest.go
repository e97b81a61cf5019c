package bulk

import (
	"encoding/binary"
	"errors"

	"github.com/syndtr/goleveldb/leveldb/journal"
	"github.com/syndtr/goleveldb/leveldb/storage"
)

// Fields of a manifest's record, as LevelDB numbers them: uvarint number of the field, then its content.
const (
	comparerField = 1 // uvarint length, name
	journalField  = 2 // uvarint number: journals from it on count
	nextFileField = 3 // uvarint number of the next file
	sequenceField = 4 // uvarint number of the last change
	tableField    = 7 // uvarints level, number of the file, size; first and last key, each with uvarint length
)

// writeManifest says which tables the database has, and makes it one: without CURRENT it is none.
func writeManifest(disk storage.Storage, t *tables, files []file, sequence uint64) error {
	fd := storage.FileDesc{Type: storage.TypeManifest, Num: t.number()}
	record := manifest(t, files, sequence)
	f, err := disk.Create(fd)
	if err != nil {
		return err
	}
	w := journal.NewWriter(f)
	r, err := w.Next()
	if err == nil {
		_, err = r.Write(record)
	}
	if err = errors.Join(err, w.Close()); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return disk.SetMeta(fd)
}

func manifest(t *tables, files []file, sequence uint64) []byte {
	b := appendField(nil, comparerField)
	b = appendBytes(b, []byte(t.options.GetComparer().Name()))
	b = appendField(b, journalField, uint64(t.next))
	b = appendField(b, nextFileField, uint64(t.next))
	b = appendField(b, sequenceField, sequence)
	level := t.level(files)
	for _, f := range files {
		b = appendField(b, tableField, level, uint64(f.number), uint64(f.size))
		b = appendBytes(appendBytes(b, f.first), f.last)
	}
	return b
}

func appendField(b []byte, field uint64, content ...uint64) []byte {
	b = binary.AppendUvarint(b, field)
	for _, n := range content {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func appendBytes(b, content []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(content))), content...)
}

// level is the first which the tables fill to less than half: LevelDB has nothing to compact then. Tables of
// one level may not overlap, and in level 0 they cost a look each.
func (t *tables) level(files []file) uint64 {
	var sum int64
	for _, f := range files {
		sum += f.size
	}
	level := 1
	for 2*sum > t.options.GetCompactionTotalSize(level) {
		level++
	}
	return uint64(level)
}
