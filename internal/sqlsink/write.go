package sqlsink

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const savepoint = "tributary"

// attempt is one transaction that is tried: positions, rows, commit.
type attempt struct {
	l       *lane
	refused []refusal
	// careful: each statement has a savepoint, and one that is refused is divided until the row is found that the
	// database will not have. Without it the first refusal ends the attempt.
	careful bool
}

// write writes a batch, however often it has to try. It returns nil, ErrFenced, an error that trying again would not
// mend, or ctx's.
func (l *lane) write(ctx context.Context, b *batch) error {
	began := time.Now()
	b.prepare(l.feed.target)
	careful := false
	for wait := (backoff{}); ; {
		a := &attempt{l: l, refused: slices.Clone(b.unreadable), careful: careful}
		err := a.run(ctx, b)
		switch {
		case err == nil:
			l.wrote(b, a.refused, time.Since(began))
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		l.feed.metrics.retries.WithLabelValues(l.feed.target.Table).Inc()
		switch l.feed.dialect.judge(err) {
		case refused:
			if careful {
				return &databaseError{"write to table " + l.feed.target.Table + ": rows are refused all together", err}
			}
			careful = true
		case passing:
			l.feed.log.Warn("writing to the database failed and is tried again", "table", l.feed.target.Table, "lane", l.number, "error", err)
			l.disconnect()
			if err := wait.wait(ctx); err != nil {
				return err
			}
		default:
			return l.final(err)
		}
	}
}

func (l *lane) final(err error) error {
	if isFinal(err) || isKafka(err) {
		return err
	}
	return &databaseError{"write to table " + l.feed.target.Table, err}
}

func (a *attempt) run(ctx context.Context, b *batch) error {
	l := a.l
	if err := l.connected(ctx); err != nil {
		return err
	}
	if err := l.conn.begin(ctx); err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			l.conn.rollback(ctx)
		}
	}()
	done, err := advance(ctx, l.conn, l.feed.target.Table, l.feed.epoch, l.next, b.next, time.Now())
	if err != nil || done {
		return err
	}
	upserts, deletes := split(b.last)
	if err := a.put(ctx, upserts); err != nil {
		return err
	}
	if err := a.put(ctx, deletes); err != nil {
		return err
	}
	// Before the commit: what is behind a position is in the table or among the dead letters.
	if err := l.feed.letters.send(ctx, l.feed.target.Table, a.refused); err != nil {
		return err
	}
	err = l.conn.commit(ctx)
	committed = err == nil
	return err
}

// put writes changes of one kind in statements of a size that suits the database.
func (a *attempt) put(ctx context.Context, changes []*change) error {
	size := a.l.feed.dialect.rowsPerStatement()
	for len(changes) > 0 {
		n := fitting(changes, size)
		if err := a.statement(ctx, changes[:n]); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// maxStatement bounds the text of a statement, in bytes: servers do too (max_allowed_packet, 4 MiB by default in old
// ones).
const maxStatement = 1 << 20

func fitting(changes []*change, most int) int {
	bytes := 0
	for i, c := range changes {
		for _, v := range c.row {
			bytes += len(v.V) + 4
		}
		if i == most || bytes > maxStatement && i > 0 {
			return i
		}
	}
	return len(changes)
}

func (a *attempt) statement(ctx context.Context, changes []*change) error {
	if !a.careful {
		return a.send(ctx, changes)
	}
	c := a.l.conn
	if _, err := c.exec(ctx, "SAVEPOINT "+savepoint); err != nil {
		return err
	}
	err := a.send(ctx, changes)
	if err == nil {
		_, err = c.exec(ctx, "RELEASE SAVEPOINT "+savepoint)
		return err
	}
	if a.l.feed.dialect.judge(err) != refused {
		return err
	}
	if _, back := c.exec(ctx, "ROLLBACK TO SAVEPOINT "+savepoint); back != nil {
		return back
	}
	if len(changes) == 1 {
		return a.refuse(ctx, changes[0], err)
	}
	half := len(changes) / 2
	if err := a.statement(ctx, changes[:half]); err != nil {
		return err
	}
	return a.statement(ctx, changes[half:])
}

func (a *attempt) send(ctx context.Context, changes []*change) error {
	if changes[0].deleted {
		return a.l.conn.remove(ctx, rows(changes))
	}
	return a.l.conn.upsert(ctx, rows(changes))
}

// refuse takes the change of the same key before this one in its place, as if they had come one by one.
func (a *attempt) refuse(ctx context.Context, c *change, reason error) error {
	a.refused = append(a.refused, refusal{c, fmt.Errorf("row %s of table %s: %w", a.l.feed.target.shown(c.row), a.l.feed.target.Table, reason)})
	var older *change
	older, a.refused = c.older.readable(a.l.feed.target, a.refused)
	if older == nil {
		return nil
	}
	return a.statement(ctx, []*change{older})
}
