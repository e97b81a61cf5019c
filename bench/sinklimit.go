package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver
)

// writer is a connection of the plain program: statements as the sink's, with rows that are ready, and neither Kafka
// nor positions. run writes the i-th transaction of those that were prepared.
type writer struct {
	transactions int
	run          func(ctx context.Context, i int) error
	close        func() error
}

// race lets writers work side by side, and returns how long they take.
func race(ctx context.Context, ws []writer) (time.Duration, error) {
	errs := make([]error, len(ws))
	began := time.Now()
	var all sync.WaitGroup
	for n, w := range ws {
		all.Go(func() {
			for i := range w.transactions {
				if err := w.run(ctx, i); err != nil {
					errs[n] = err
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	for _, w := range ws {
		errs = append(errs, w.close())
	}
	return took, errors.Join(errs...)
}

// list names columns, each as f has it.
func list(columns []string, f func(string) string) string {
	var all []string
	for _, c := range columns {
		all = append(all, f(c))
	}
	return strings.Join(all, ", ")
}

func itself(c string) string { return c }

// executor runs statements on one connection of database/sql.
func executor(c *sql.Conn, transactions [][]string) writer {
	return writer{transactions: len(transactions), close: c.Close, run: func(ctx context.Context, i int) error {
		for _, s := range transactions[i] {
			if _, err := c.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("%.80s: %w", s, err)
			}
		}
		return nil
	}}
}

// mysqlStatement is how many rows a statement has.
const mysqlStatement = 1000

// mysqlWriter upserts, or deletes.
func mysqlWriter(ctx context.Context, db *sql.DB, batches [][]sinkRow, statement func([]sinkRow) string) (writer, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return writer{}, err
	}
	if _, err := c.ExecContext(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"); err != nil {
		return writer{}, errors.Join(err, c.Close())
	}
	var transactions [][]string
	for _, batch := range batches {
		one := []string{"START TRANSACTION"}
		for rows := range slices.Chunk(batch, mysqlStatement) {
			one = append(one, statement(rows))
		}
		transactions = append(transactions, append(one, "COMMIT"))
	}
	return executor(c, transactions), nil
}

func mysqlUpsert(rows []sinkRow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", sinkTable, list(sinkColumns, itself))
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("('" + strings.Join(r.fields(), "','") + "')")
	}
	b.WriteString(" ON DUPLICATE KEY UPDATE " + list(sinkColumns[2:], func(c string) string { return c + " = VALUES(" + c + ")" }))
	return b.String()
}

func mysqlDelete(rows []sinkRow) string {
	var keys [][]string
	for _, r := range rows {
		keys = append(keys, r.fields()[:2])
	}
	text, _ := json.Marshal(keys) // texts
	column := func(i int) string {
		return fmt.Sprintf("t.%s = CONVERT(j.k%d USING utf8mb4) COLLATE utf8mb4_bin", sinkColumns[i], i)
	}
	return fmt.Sprintf("DELETE t FROM JSON_TABLE('%s', '$[*]' COLUMNS(k0 VARCHAR(1024) PATH '$[0]', k1 VARCHAR(1024) PATH '$[1]')) AS j STRAIGHT_JOIN %s AS t ON %s AND %s",
		text, sinkTable, column(0), column(1))
}

// postgresWriter copies into a temporary table and merges from there.
func postgresWriter(ctx context.Context, c *pgx.Conn, batches [][]sinkRow) (writer, error) {
	w := writer{transactions: len(batches), close: func() error { return c.Close(context.WithoutCancel(ctx)) }}
	columns := list(sinkColumns, itself)
	if _, err := c.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE incoming ON COMMIT DELETE ROWS AS SELECT %s FROM %s WITH NO DATA", columns, sinkTable)); err != nil {
		return w, errors.Join(err, w.close())
	}
	texts := make([][]byte, len(batches))
	for i, batch := range batches {
		for _, r := range batch {
			texts[i] = append(append(texts[i], strings.Join(r.fields(), "\t")...), '\n')
		}
	}
	merge := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM incoming ON CONFLICT (%s) DO UPDATE SET %s", sinkTable, columns, columns,
		list(sinkColumns[:2], itself), list(sinkColumns[2:], func(c string) string { return c + " = excluded." + c }))
	w.run = func(ctx context.Context, i int) error {
		if _, err := c.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
		if _, err := c.PgConn().CopyFrom(ctx, bytes.NewReader(texts[i]), "COPY incoming FROM STDIN"); err != nil {
			return err
		}
		_, err := c.Exec(ctx, merge)
		if err == nil {
			_, err = c.Exec(ctx, "COMMIT")
		}
		return err
	}
	return w, nil
}

// sqliteWriter runs a prepared statement for each row.
func sqliteWriter(ctx context.Context, db *sql.DB, batches [][]sinkRow) (writer, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return writer{}, err
	}
	upsert, err := c.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s", sinkTable, list(sinkColumns, itself),
		list(sinkColumns, func(string) string { return "?" }), list(sinkColumns[:2], itself), list(sinkColumns[2:], func(c string) string { return c + " = excluded." + c })))
	if err != nil {
		return writer{}, errors.Join(err, c.Close())
	}
	args := make([][][]any, len(batches))
	for i, batch := range batches {
		for _, r := range batch {
			var row []any
			for _, f := range r.fields() {
				row = append(row, f)
			}
			args[i] = append(args[i], row)
		}
	}
	return writer{transactions: len(batches), close: c.Close, run: func(ctx context.Context, i int) error {
		if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		for _, row := range args[i] {
			if _, err := upsert.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		_, err := c.ExecContext(ctx, "COMMIT")
		return err
	}}, nil
}
