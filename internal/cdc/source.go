package cdc

import (
	"context"
	"time"
)

// Unit is one transaction of the source. Without rows of the table it only moves the position. Without a step it only
// says what time it is.
type Unit struct {
	Step Step
	Rows []Row
	// Time of the commit. Zero: unknown.
	Time time.Time
}

// Chunk is a part of the table, in the order of the primary key.
type Chunk struct {
	Rows []Row
	// Last is the primary key of the last row, as plain text by column.
	Last []string
	// End: there is nothing behind it.
	End bool
	// High is a place that the log had reached after the chunk was read.
	High At
}

// Source is a table and the log of its changes. Methods may be called at the same time.
type Source interface {
	// Now is a place such that whatever lies before it can be seen by a select.
	Now(ctx context.Context) (At, error)
	// Settled waits until what lies before a place can be seen by a select: a reader of the log is told of a
	// transaction before other sessions see it.
	Settled(ctx context.Context, at At) error
	// Last is the largest primary key; nil if the table is empty.
	Last(ctx context.Context) ([]string, error)
	// Chunk reads up to limit rows whose primary key lies behind after (nil: from the start) and not behind until.
	Chunk(ctx context.Context, after, until []string, limit int) (Chunk, error)
	// Follow calls deliver with each transaction behind a place, in order, until ctx ends, deliver fails, or the log
	// can't be read on. It always returns an error.
	Follow(ctx context.Context, from At, deliver func(Unit) error) error
}

// Sink keeps rows and positions.
type Sink interface {
	// Commit makes rows, in their order, and the position visible together or not at all. After an error nothing is
	// known; the sink must be opened again.
	Commit(ctx context.Context, rows []Row, p Position) error
}
