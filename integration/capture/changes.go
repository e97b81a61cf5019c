package capture

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Fill inserts rows into click_stream with the ids from+1 to from+n.
func (b *Bench) Fill(from, n int) {
	b.t.Helper()
	const portion = 5000
	db := b.Connect("timeout=1m")
	defer db.Close()
	for n > 0 {
		rows := min(n, portion)
		values := make([]string, rows)
		for i := range values {
			values[i] = click(from + i + 1)
		}
		if _, err := db.Exec("INSERT INTO click_stream VALUES " + strings.Join(values, ",")); err != nil {
			b.t.Fatal(err)
		}
		from, n = from+rows, n-rows
	}
}

func click(id int) string {
	return fmt.Sprintf("(%d, FROM_UNIXTIME(%d), 'view', 'product %d', 'category %d', 'a.b%d', 'brand %d', %d.%02d, 'user %d', 'session-%d')",
		id, 1_600_000_000+id, id%997, id%31, id%31, id%101, id%500, id%100, id%5003, id)
}

// Changes are made to click_stream until they are stopped: transactions of one to many statements that insert, update,
// delete, and change keys.
type Changes struct {
	stop context.CancelFunc
	done chan error
}

// Change begins to make changes among the ids up to n, with so many connections. Each connection changes rows of its
// own, so that none waits for another.
func (b *Bench) Change(n, connections int, r *rand.Rand) *Changes {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := &Changes{stop: stop, done: make(chan error, connections)}
	db := b.Connect("timeout=1m")
	for i := range connections {
		r := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		go func() { c.done <- change(ctx, db, r, n, connections, i) }()
	}
	b.t.Cleanup(stop)
	return c
}

// Stop waits for the changes under way.
func (c *Changes) Stop(t testing.TB) {
	t.Helper()
	c.stop()
	for range cap(c.done) {
		if err := <-c.done; err != nil {
			t.Fatalf("changes: %v", err)
		}
	}
}

func change(ctx context.Context, db *sql.DB, r *rand.Rand, n, connections, mine int) error {
	next := 10*n + mine                                                       // ids of rows that are inserted
	own := func() int { return r.IntN(n/connections)*connections + mine + 1 } // 0 would be a new number
	for ctx.Err() == nil {
		statements := make([]string, 1)
		if r.IntN(5) == 0 {
			statements = make([]string, 1+r.IntN(20))
		}
		for i := range statements {
			next += connections
			statements[i] = statement(r, own(), next)
		}
		err := transaction(db, statements, r.IntN(10) == 0)
		if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Number == deadlock {
			continue // rolled back by the server: gaps between the rows are locked too
		}
		if err != nil {
			return err
		}
		if r.IntN(3) == 0 {
			time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond) // the rate, not a synchronisation
		}
	}
	return nil
}

const deadlock = 1213

func transaction(db *sql.DB, statements []string, rollBack bool) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, s := range statements {
		if _, err := tx.Exec(s); err != nil {
			return err
		}
	}
	if rollBack {
		return tx.Rollback()
	}
	return tx.Commit()
}

func statement(r *rand.Rand, id, next int) string {
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("DELETE FROM click_stream WHERE id = %d", id)
	case 1:
		return fmt.Sprintf("UPDATE click_stream SET id = %d WHERE id = %d", next, id)
	case 2:
		return "REPLACE INTO click_stream VALUES " + click(id)
	case 3:
		return "INSERT INTO click_stream VALUES " + click(next)
	}
	return fmt.Sprintf("UPDATE click_stream SET price = %d.%02d, brand = 'changed %d' WHERE id = %d", r.IntN(1000), r.IntN(100), r.IntN(1000), id)
}
