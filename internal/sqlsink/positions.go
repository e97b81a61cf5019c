package sqlsink

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// positionsTable holds how far each table has come, a row per partition of its topic, in the same database as the rows
// themselves.
const positionsTable = "tributary_positions"

// positions is the declaration of positionsTable.
func positions() tables.Projection {
	return tables.Projection{
		Topic: "none", Table: positionsTable, Key: []string{"table_name", "partition_id"},
		Columns: []tables.Column{
			{Name: "table_name", Type: tables.Varchar(64)},
			{Name: "partition_id", Type: tables.BigInt},
			{Name: "topic", Type: tables.Varchar(249), NotNull: true},
			{Name: "topic_id", Type: tables.Varchar(64)},              // "" with brokers that have none
			{Name: "next_offset", Type: tables.BigInt, NotNull: true}, // behind the last record whose row is here
			{Name: "epoch", Type: tables.BigInt, NotNull: true},       // of the writer that may move the position
			{Name: "owner", Type: tables.Varchar(255)},                // that writer, for people
			{Name: "complete_at", Type: tables.BigInt, NotNull: true}, // ms since 1970; 0: the table must be reconciled
			{Name: "updated_at", Type: tables.BigInt},                 // ms since 1970
		},
	}
}

// position is how far a partition has come.
type position struct {
	next       int64
	topicID    string
	completeAt time.Time // when everything in the partition had been read; zero: reconcile
}

// claim is what a writer wants.
type claim struct {
	table, topic, topicID string
	partitions            int32
	owner                 string
	reconcile             bool // as if no position had ever been complete
	now                   time.Time
}

// claimed is what it gets: the right to move the positions, until somebody claims them after it.
type claimed struct {
	epoch     int64
	positions []position // by partition
}

// take raises the epoch of a table's positions in a transaction. It waits for those that are still open; whoever held
// the epoch before can commit no further one.
func (k claim) take(ctx context.Context, d dialect, c conn) (claimed, error) {
	if err := c.begin(ctx); err != nil {
		return claimed{}, err
	}
	defer c.rollback(ctx) // after a commit it does nothing
	rows, err := c.query(ctx, "SELECT partition_id, topic, topic_id, next_offset, epoch, complete_at FROM "+positionsTable+
		" WHERE table_name = ?"+d.forUpdate(), k.table)
	if err != nil {
		return claimed{}, err
	}
	got, known, err := k.read(rows)
	if err != nil {
		return claimed{}, err
	}
	if err := k.write(ctx, c, got, known); err != nil {
		return claimed{}, err
	}
	return got, c.commit(ctx)
}

// read gives each partition its position: where it was; or the beginning, if it is new or of another topic than before.
func (k claim) read(rows [][]codecs.Text) (got claimed, known map[int32]bool, err error) {
	got.positions = make([]position, k.partitions)
	known = map[int32]bool{}
	for _, r := range rows {
		n := integers(r[0], r[3], r[4], r[5])
		p, next, epoch, complete := int32(n[0]), n[1], n[2], n[3]
		if r[1].V != k.topic {
			return claimed{}, nil, &databaseError{"claim table " + k.table, fmt.Errorf("it was filled from topic %s and not %s; to begin with the other: "+
				"DELETE FROM %s WHERE table_name = '%s'", r[1].V, k.topic, positionsTable, k.table)}
		}
		got.epoch = max(got.epoch, epoch)
		if p >= k.partitions {
			continue // a topic of that name had more partitions
		}
		known[p] = true
		got.positions[p] = position{next: next, topicID: r[2].V}
		if complete > 0 {
			got.positions[p].completeAt = time.UnixMilli(complete)
		}
	}
	got.epoch++
	another := k.reconcile
	for p := range got.positions {
		at := &got.positions[p]
		switch {
		case !known[int32(p)]:
			*at = position{completeAt: k.now}
		case k.topicID != "" && at.topicID != "" && at.topicID != k.topicID: // deleted and created again
			*at, another = position{}, true
		}
		at.topicID = k.topicID
	}
	for p := range got.positions {
		if another {
			got.positions[p].completeAt = time.Time{}
		}
	}
	return got, known, nil
}

func (k claim) write(ctx context.Context, c conn, got claimed, known map[int32]bool) error {
	for p, at := range got.positions {
		complete := int64(0)
		if !at.completeAt.IsZero() {
			complete = at.completeAt.UnixMilli()
		}
		statement := "UPDATE " + positionsTable + " SET topic = ?, topic_id = ?, next_offset = ?, epoch = ?, owner = ?, complete_at = ?, updated_at = ?" +
			" WHERE table_name = ? AND partition_id = ?"
		if !known[int32(p)] {
			statement = "INSERT INTO " + positionsTable + " (topic, topic_id, next_offset, epoch, owner, complete_at, updated_at, table_name, partition_id)" +
				" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
		}
		if _, err := c.exec(ctx, statement, k.topic, k.topicID, at.next, got.epoch, k.owner, complete, k.now.UnixMilli(), k.table, int64(p)); err != nil {
			return err
		}
	}
	_, err := c.exec(ctx, "DELETE FROM "+positionsTable+" WHERE table_name = ? AND partition_id >= ?", k.table, int64(k.partitions))
	return err
}

func integers(texts ...codecs.Text) []int64 {
	all := make([]int64, len(texts))
	for i, t := range texts {
		all[i], _ = strconv.ParseInt(t.V, 10, 64) // the columns are BIGINT
	}
	return all
}

// advance moves positions, from where they must be, as part of the transaction that c is in. It comes first in it, so
// that the rows of the positions are locked before anything else is done. done: they had been moved already, by a
// transaction of this writer whose commit was not answered.
func advance(ctx context.Context, c conn, table string, epoch int64, from, to map[int32]int64, now time.Time) (done bool, err error) {
	for p, next := range to {
		n, err := c.exec(ctx, "UPDATE "+positionsTable+" SET next_offset = ?, updated_at = ? WHERE table_name = ? AND partition_id = ? AND epoch = ? AND next_offset = ?",
			next, now.UnixMilli(), table, int64(p), epoch, from[p])
		if err != nil {
			return false, err
		}
		if n == 1 {
			continue
		}
		return explainAdvance(ctx, c, table, epoch, p, from[p], next)
	}
	return false, nil
}

// explainAdvance looks why a position could not be moved.
func explainAdvance(ctx context.Context, c conn, table string, epoch int64, partition int32, from, to int64) (done bool, err error) {
	rows, err := c.query(ctx, "SELECT epoch, next_offset, owner FROM "+positionsTable+" WHERE table_name = ? AND partition_id = ?", table, int64(partition))
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		return false, fmt.Errorf("table %s: %w: its positions were deleted", table, ErrFenced)
	}
	n := integers(rows[0][0], rows[0][1])
	switch {
	case n[0] != epoch:
		return false, fmt.Errorf("table %s: %w: %s, epoch %d; this one had epoch %d", table, ErrFenced, rows[0][2].V, n[0], epoch)
	case n[1] == to:
		return true, nil
	}
	return false, fmt.Errorf("table %s: %w: the position of partition %d is %d, it was %d", table, ErrFenced, partition, n[1], from)
}

// holdEpoch locks the positions of a table within a transaction, and fails if they are no longer this writer's.
func holdEpoch(ctx context.Context, d dialect, c conn, table string, epoch int64) error {
	rows, err := c.query(ctx, "SELECT epoch FROM "+positionsTable+" WHERE table_name = ?"+d.forUpdate(), table)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if n := integers(r[0]); n[0] != epoch {
			return fmt.Errorf("table %s: %w: its epoch is %d; this one had %d", table, ErrFenced, n[0], epoch)
		}
	}
	if len(rows) == 0 {
		return fmt.Errorf("table %s: %w: its positions were deleted", table, ErrFenced)
	}
	return nil
}

// setComplete notes that partitions had been read to their ends. zero: the table must be reconciled.
func setComplete(ctx context.Context, c conn, table string, epoch int64, partitions []int32, at time.Time) error {
	ms := int64(0)
	if !at.IsZero() {
		ms = at.UnixMilli()
	}
	for _, p := range partitions {
		n, err := c.exec(ctx, "UPDATE "+positionsTable+" SET complete_at = ? WHERE table_name = ? AND partition_id = ? AND epoch = ?", ms, table, int64(p), epoch)
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("table %s: %w", table, ErrFenced)
		}
	}
	return nil
}
