package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// sink fills tables from a topic with the program sqlsink, and then with the same statements by a plain program.
func (b *bench) sink(ctx context.Context) (section, error) {
	s := section{title: "Results in SQL tables", text: fmt.Sprintf("sqlsink fills a table of eight columns, two of them the key, from %s records of %s keys that lie in "+
		"Kafka, each key as often as the others: first inserts, then updates. Rows per second and CPU time are those from the first commit to the last. "+
		"*The server's limit* is a plain program with the same statements on the same table, over as many connections, with rows that are ready: no Kafka, "+
		"no positions. Everything is on the disk when it is committed. After each run rows and sums were those of a recount.", count(b.sinkRecords), count(b.sinkKeys)),
		table: [][]string{{"", "connections", "rows/s", "the server's limit, rows/s", "of it", "bar", "sqlsink, CPU-s per million", "memory, most"}}}
	if err := b.produceSink(ctx); err != nil {
		return section{}, err
	}
	for _, m := range []func(context.Context, *section) error{b.sinkSQLite, b.sinkPostgres, b.sinkMySQL} {
		err := m(ctx, &s)
		var a *absent
		if errors.As(err, &a) {
			b.say("left out: %v", err)
			s.after += fmt.Sprintf(" Left out: %v.", err)
			err = nil
		}
		if err != nil {
			return section{}, err
		}
	}
	return s, b.topics.remove(ctx, sinkTable, "sqlsink-")
}

func (b *bench) produceSink(ctx context.Context) error {
	if err := b.topics.createCompacted(ctx, sinkTable); err != nil {
		return err
	}
	return b.produceRows(ctx, b.sinkRecords, sinkRow.value)
}

// produceRows writes n rows, with values or without.
func (b *bench) produceRows(ctx context.Context, n int, value func(sinkRow) []byte) error {
	out, err := newProducer(b.kafka.address, 5*time.Millisecond)
	if err != nil {
		return err
	}
	for i := range n {
		r := sinkRowAt(i, b.sinkKeys)
		key := r.recordKey()
		out.send(ctx, sinkTable, partitionOf(key), key, value(r))
	}
	return out.close(ctx)
}

func (b *bench) sinkSQLite(ctx context.Context, s *section) error {
	folder := filepath.Join(b.work, "sqlite")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	x, err := sqliteStore(folder)
	if err != nil {
		return err
	}
	row, err := b.sinkUpserts(ctx, x, 1, 75_000)
	s.table = append(s.table, row)
	return errors.Join(err, x.close(), os.RemoveAll(folder))
}

func (b *bench) sinkPostgres(ctx context.Context, s *section) error {
	server, err := b.startServer(ctx, postgresMake)
	if err != nil {
		return err
	}
	for _, c := range []struct{ connections, bar int }{{1, 45_000}, {4, 90_000}} {
		x, err := postgresStore(ctx, server, fmt.Sprintf("sink%d", c.connections))
		if err != nil {
			return errors.Join(err, server.stop())
		}
		row, err := b.sinkUpserts(ctx, x, c.connections, c.bar)
		if err := errors.Join(err, x.close()); err != nil {
			return errors.Join(err, server.stop())
		}
		s.table = append(s.table, row)
	}
	return server.stop()
}

func (b *bench) sinkMySQL(ctx context.Context, s *section) error {
	server, err := b.startServer(ctx, mysqlMake)
	if err != nil {
		return err
	}
	for _, c := range []struct{ connections, bar, deletes int }{{1, 30_000, 0}, {4, 55_000, 25_000}} {
		x, err := mysqlStore(ctx, server, fmt.Sprintf("sink%d", c.connections))
		if err != nil {
			return errors.Join(err, server.stop())
		}
		row, err := b.sinkUpserts(ctx, x, c.connections, c.bar)
		s.table = append(s.table, row)
		if err == nil && c.deletes > 0 {
			row, err = b.sinkDeletes(ctx, x, c.connections, c.deletes)
			s.table = append(s.table, row)
		}
		if err := errors.Join(err, x.close()); err != nil {
			return errors.Join(err, server.stop())
		}
	}
	return server.stop()
}

// sinkUpserts measures the sink, and then the plain program.
func (b *bench) sinkUpserts(ctx context.Context, x sinkStore, connections, bar int) ([]string, error) {
	want := recountSink(b.sinkRecords, b.sinkKeys)
	d, err := b.runSink(ctx, x, fmt.Sprintf("sink-%s-%d", x.name, connections), connections, b.sinkRecords)
	if err == nil {
		err = x.compare(ctx, want)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlsink, %s, %d connections: %w", x.name, connections, err)
	}
	limit, err := b.sinkLimit(ctx, x, connections, want)
	if err != nil {
		return nil, fmt.Errorf("the limit of %s, %d connections: %w", x.name, connections, err)
	}
	return b.sinkRow(x.name+", upserts", connections, bar, b.sinkRecords, d, limit), nil
}

func (b *bench) sinkRow(what string, connections, bar, rows int, d drained, limit float64) []string {
	b.say("%s, %d connections: %.0f rows/s, limit %.0f, %.1f CPU-s; exact", what, connections, d.rate, limit, d.cpu)
	return []string{what, strconv.Itoa(connections), count(int(d.rate)), count(int(limit)), figure(d.rate / limit), count(bar), figure(d.cpu / float64(rows) * 1e6), megabytes(float64(d.peak))}
}

// sinkLimit is what the plain program reaches, rows per second, in an empty table.
func (b *bench) sinkLimit(ctx context.Context, x sinkStore, connections int, want sinkSum) (float64, error) {
	if err := x.exec(ctx, x.empty); err != nil {
		return 0, err
	}
	ws, err := x.upserts(ctx, sinkBatches(b.sinkRecords, b.sinkKeys, connections))
	if err != nil {
		return 0, err
	}
	took, err := race(ctx, ws)
	if err != nil {
		return 0, err
	}
	return float64(b.sinkRecords) / took.Seconds(), x.compare(ctx, want)
}

// sinkDeletes measures tombstones of all keys, on a table that holds them.
func (b *bench) sinkDeletes(ctx context.Context, x sinkStore, connections, bar int) ([]string, error) {
	if err := b.produceRows(ctx, b.sinkKeys, func(sinkRow) []byte { return nil }); err != nil {
		return nil, err
	}
	d, err := b.runSink(ctx, x, "sink-deletes", connections, b.sinkKeys)
	if err == nil {
		err = x.compare(ctx, sinkSum{})
	}
	if err != nil {
		return nil, fmt.Errorf("sqlsink, deletes: %w", err)
	}
	if _, err := b.sinkLimit(ctx, x, connections, recountSink(b.sinkRecords, b.sinkKeys)); err != nil {
		return nil, err
	}
	ws, err := x.deletes(ctx, sinkBatches(b.sinkKeys, b.sinkKeys, connections))
	if err != nil {
		return nil, err
	}
	took, err := race(ctx, ws)
	if err == nil {
		err = x.compare(ctx, sinkSum{})
	}
	return b.sinkRow(x.name+", deletes", connections, bar, b.sinkKeys, d, float64(b.sinkKeys)/took.Seconds()), err
}

func (x sinkStore) compare(ctx context.Context, want sinkSum) error {
	got, err := x.sum(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("wrong result: the table has %+v, the recount %+v", got, want)
	}
	return err
}

// runSink lets sqlsink take in n records that it has not seen.
func (b *bench) runSink(ctx context.Context, x sinkStore, name string, connections, n int) (d drained, err error) {
	if err := b.kafka.settle(ctx); err != nil {
		return d, err
	}
	address, err := freeAddress()
	if err != nil {
		return d, err
	}
	cmd := exec.Command(filepath.Join(b.work, "bin", "sqlsink"), "--brokers="+b.kafka.address, "--database="+x.url, "--table="+sinkTable,
		"--create-tables", "--connections="+strconv.Itoa(connections), "--listen="+address, "--log-level=warn")
	cmd.Env = append(os.Environ(), passwordOfSink)
	p, err := b.start(name, cmd)
	if err != nil {
		return d, err
	}
	d, err = (&processor{p, "http://" + address}).counted(ctx, `tributary_sql_records_total{table="`+sinkTable+`"}`, n)
	return d, errors.Join(err, p.stop())
}
