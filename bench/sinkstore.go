package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// sinkStore is a database that the sink writes into, and the plain program after it.
type sinkStore struct {
	name    string
	url     string // as the sink takes it
	exec    func(ctx context.Context, statement string) error
	sum     func(ctx context.Context) (sinkSum, error)
	upserts func(ctx context.Context, lanes [][][]sinkRow) ([]writer, error)
	deletes func(ctx context.Context, lanes [][][]sinkRow) ([]writer, error) // nil: they are not measured
	empty   string                                                           // statement that empties the table
	close   func() error
}

// sinkSums asks for a sinkSum; integer is what the database calls one of 64 bits in a CAST.
func sinkSums(integer string) string {
	return fmt.Sprintf("SELECT COUNT(*), CAST(COALESCE(SUM(cur_order_count), 0) AS %[1]s), CAST(COALESCE(SUM(cur_gmv), 0) * 4 AS %[1]s) FROM %[2]s", integer, sinkTable)
}

// lanesOf makes a writer for each connection.
func lanesOf(lanes [][][]sinkRow, open func(batches [][]sinkRow) (writer, error)) (ws []writer, err error) {
	for _, batches := range lanes {
		w, err := open(batches)
		if err != nil {
			for _, w := range ws {
				err = errors.Join(err, w.close())
			}
			return nil, err
		}
		ws = append(ws, w)
	}
	return ws, nil
}

// overSQL is what stores of database/sql have in common.
func overSQL(name, url string, db *sql.DB, empty, integer string) sinkStore {
	return sinkStore{
		name: name, url: url, empty: empty, close: db.Close,
		exec: func(ctx context.Context, statement string) error {
			_, err := db.ExecContext(ctx, statement)
			return err
		},
		sum: func(ctx context.Context) (s sinkSum, err error) {
			return s, db.QueryRowContext(ctx, sinkSums(integer)).Scan(&s.rows, &s.orders, &s.quarters)
		},
	}
}

func mysqlStore(ctx context.Context, s *server, database string) (sinkStore, error) {
	root, err := s.mysql("")
	if err != nil {
		return sinkStore{}, err
	}
	_, err = root.ExecContext(ctx, "CREATE DATABASE "+database)
	if err := errors.Join(err, root.Close()); err != nil {
		return sinkStore{}, err
	}
	db, err := s.mysql(database)
	if err != nil {
		return sinkStore{}, err
	}
	x := overSQL("MySQL", fmt.Sprintf("mysql://root@%s/%s", s.address(), database), db, "TRUNCATE TABLE "+sinkTable, "SIGNED")
	with := func(statement func([]sinkRow) string) func(context.Context, [][][]sinkRow) ([]writer, error) {
		return func(ctx context.Context, lanes [][][]sinkRow) ([]writer, error) {
			return lanesOf(lanes, func(batches [][]sinkRow) (writer, error) { return mysqlWriter(ctx, db, batches, statement) })
		}
	}
	x.upserts, x.deletes = with(mysqlUpsert), with(mysqlDelete)
	return x, nil
}

func sqliteStore(folder string) (sinkStore, error) {
	file := filepath.Join(folder, "sink.db")
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-32000)&_pragma=wal_autocheckpoint(10000)")
	if err != nil {
		return sinkStore{}, err
	}
	x := overSQL("SQLite", "sqlite:"+file, db, "DELETE FROM "+sinkTable, "INTEGER")
	x.upserts = func(ctx context.Context, lanes [][][]sinkRow) ([]writer, error) {
		return lanesOf(lanes, func(batches [][]sinkRow) (writer, error) { return sqliteWriter(ctx, db, batches) })
	}
	return x, nil
}

func postgresStore(ctx context.Context, s *server, database string) (sinkStore, error) {
	root, err := s.postgres(ctx, "postgres")
	if err != nil {
		return sinkStore{}, err
	}
	_, err = root.Exec(ctx, "CREATE DATABASE "+database)
	if err := errors.Join(err, root.Close(ctx)); err != nil {
		return sinkStore{}, err
	}
	c, err := s.postgres(ctx, database)
	if err != nil {
		return sinkStore{}, err
	}
	return sinkStore{
		name: "PostgreSQL", url: fmt.Sprintf("postgres://postgres@%s/%s", s.address(), database), empty: "TRUNCATE TABLE " + sinkTable,
		close: func() error { return c.Close(context.WithoutCancel(ctx)) },
		exec: func(ctx context.Context, statement string) error {
			_, err := c.Exec(ctx, statement)
			return err
		},
		sum: func(ctx context.Context) (x sinkSum, err error) {
			return x, c.QueryRow(ctx, sinkSums("BIGINT")).Scan(&x.rows, &x.orders, &x.quarters)
		},
		upserts: func(ctx context.Context, lanes [][][]sinkRow) ([]writer, error) {
			return lanesOf(lanes, func(batches [][]sinkRow) (writer, error) {
				own, err := s.postgres(ctx, database)
				if err != nil {
					return writer{}, err
				}
				return postgresWriter(ctx, own, batches)
			})
		},
	}, nil
}
