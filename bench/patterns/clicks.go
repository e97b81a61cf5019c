package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tributary-go/tributary/internal/task"
)

// clicks reads the files of a folder, one for each partition.
type clicks struct {
	files   []*os.File
	readers []*bufio.Reader
	text    []byte // of the records handed out last
	records []task.Record
}

func openClicks(folder string) (*clicks, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err == nil && len(names) != partitions {
		err = fmt.Errorf("folder %s holds %d files .jsonl, not %d", folder, len(names), partitions)
	}
	if err != nil {
		return nil, err
	}
	c := &clicks{}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			c.close()
			return nil, err
		}
		c.files, c.readers = append(c.files, f), append(c.readers, bufio.NewReaderSize(f, 1<<20))
	}
	return c, nil
}

func (c *clicks) close() {
	for _, f := range c.files {
		f.Close()
	}
}

// next are the next lines of a partition as records; none at its end. They are valid until it is called again.
func (c *clicks) next(partition int32) ([]task.Record, error) {
	c.text, c.records = c.text[:0], c.records[:0]
	var ends []int
	for range portion {
		line, err := c.readers[partition].ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		c.text = append(c.text, line...)
		ends = append(ends, len(c.text))
	}
	from := 0
	for _, end := range ends {
		line := c.text[from : end-1]
		c.records = append(c.records, task.Record{Key: keyOf(line), Value: line})
		from = end
	}
	return c.records, nil
}

// keyOf is the key of a click's record: the line's first field, as an object of its own.
func keyOf(line []byte) []byte {
	first, _, _ := bytes.Cut(line, []byte(","))
	return append(append(make([]byte, 0, len(first)+1), first...), '}')
}
