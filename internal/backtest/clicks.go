// Package backtest runs rules that are written as documents over the clicks that a topic or a file holds.
//
// All of them are held in memory, with what the rules find about 1.3 kB each. The rules see them as the processor would if none came late:
// each click once, in the order of time and id.
package backtest

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// Clicks are those to run rules over. The zero value has none.
type Clicks struct {
	All      []clickalerts.Click // sorted by time, then id
	Skipped  int                 // seen before, or rows deleted
	Rejected int                 // the processor would make dead letters of them
	Reason   error               // why the first of them; nil: none

	seen map[int64]bool
}

// add takes a record; at says where it stands.
func (c *Clicks) add(at func() string, key, value []byte) {
	click, deleted, err := clickalerts.ReadClick(key, value)
	switch {
	case err != nil:
		c.Rejected++
		if c.Reason == nil {
			c.Reason = fmt.Errorf("%s: %w", at(), err)
		}
	case deleted || c.seen[click.ID]:
		c.Skipped++
	default:
		if c.seen == nil {
			c.seen = map[int64]bool{}
		}
		c.seen[click.ID] = true
		c.All = append(c.All, click)
	}
}

func (c *Clicks) sort() {
	slices.SortStableFunc(c.All, func(a, b clickalerts.Click) int {
		return cmp.Or(cmp.Compare(millis(a), millis(b)), cmp.Compare(a.ID, b.ID))
	})
}

func millis(c clickalerts.Click) int64 { return c.Record.At.V }

// maxLine bounds a line of a file, in bytes.
const maxLine = 1 << 20

// ReadLines reads clicks as JSON lines: the fields of a record's key and value in one object.
//
//	{"key_id": 1, "value_eventTime": 1616644980000, "value_eventType": "view", "value_userId": "u", ..}
func ReadLines(r io.Reader, name string) (*Clicks, error) {
	var c Clicks
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if line := lines.Bytes(); len(line) > 0 {
			c.add(func() string { return fmt.Sprintf("%s, line %d", name, n) }, line, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s, line %d: %w", name, n+1, err)
	}
	c.sort()
	return &c, nil
}

// ReadTopic reads all clicks that the input topic holds when it begins.
func ReadTopic(ctx context.Context, conn client.Connection) (*Clicks, error) {
	a, err := client.Open(ctx, conn)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	topic := clickalerts.Clicks.Name
	partitions, err := a.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	var c Clicks
	for p := range partitions {
		if _, err := a.Scan(ctx, topic, p, 0, func(key, value []byte, offset int64) error {
			c.add(func() string { return fmt.Sprintf("topic %s partition %d offset %d", topic, p, offset) }, key, value)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	c.sort()
	return &c, nil
}
