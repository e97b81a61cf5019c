package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// clickTable is the table that is captured, with the ids from 1 to rows.
type clickTable struct {
	db   *sql.DB
	rows int
}

func openClickTable(ctx context.Context, s *server) (*clickTable, error) {
	root, err := s.mysql("")
	if err != nil {
		return nil, err
	}
	_, err = root.ExecContext(ctx, "CREATE DATABASE "+captureDatabase)
	if err := errors.Join(err, root.Close()); err != nil {
		return nil, err
	}
	db, err := s.mysql(captureDatabase)
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE "+captureTable+` (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, eventTime TIMESTAMP NULL, eventType VARCHAR(50), productId VARCHAR(50),
		categoryId VARCHAR(50), categoryCode VARCHAR(80), brand VARCHAR(50), price DECIMAL(10,2), userId VARCHAR(50), userSession VARCHAR(50))`)
	return &clickTable{db: db}, err
}

func priceOf(id int) int64 { return int64(id%500)*100 + int64(id%100) } // cents

// tuple is a row as SQL.
func (t *clickTable) tuple(id int) string {
	return fmt.Sprintf("(%d, FROM_UNIXTIME(%d), 'view', 'product %d', 'category %d', 'a.b%d', 'brand %d', %s, 'user %d', 'session-%d')",
		id, 1_600_000_000+id, id%997, id%31, id%31, id%101, money(nil, priceOf(id)), id%5003, id)
}

func (t *clickTable) insert(ctx context.Context, tuples ...string) error {
	_, err := t.db.ExecContext(ctx, "INSERT INTO "+captureTable+" VALUES "+strings.Join(tuples, ","))
	return err
}

// fill inserts n more rows, 5,000 in a transaction.
func (t *clickTable) fill(ctx context.Context, n int) error {
	const portion = 5000
	for n > 0 {
		tuples := make([]string, min(n, portion))
		for i := range tuples {
			tuples[i] = t.tuple(t.rows + 1 + i)
		}
		if err := t.insert(ctx, tuples...); err != nil {
			return fmt.Errorf("fill table %s: %w", captureTable, err)
		}
		t.rows, n = t.rows+len(tuples), n-len(tuples)
	}
	return nil
}

// clickSum is what is compared of table and topic.
type clickSum struct{ rows, ids, cents int64 }

// compare reads the whole topic, in which each row must be once.
func (t *clickTable) compare(ctx context.Context, topics *topics) error {
	var want, got clickSum
	err := t.db.QueryRowContext(ctx, "SELECT COUNT(*), CAST(SUM(id) AS SIGNED), CAST(SUM(price) * 100 AS SIGNED) FROM "+captureTable).Scan(&want.rows, &want.ids, &want.cents)
	if err != nil {
		return err
	}
	seen := make([]bool, t.rows+1)
	err = topics.readCommitted(ctx, captureTopic, func(r *kgo.Record) error {
		id, err := clickID(r.Key)
		if err != nil || id > t.rows || seen[id] {
			return fmt.Errorf("topic %s, partition %d, offset %d: key %q is of no row, or there twice", r.Topic, r.Partition, r.Offset, r.Key)
		}
		seen[id] = true
		cents, err := centsIn(r.Value)
		got.rows, got.ids, got.cents = got.rows+1, got.ids+int64(id), got.cents+cents
		return err
	})
	if err == nil && got != want {
		err = fmt.Errorf("wrong result: the topic has %+v, the table %+v", got, want)
	}
	return err
}

// clickID reads {"key_id":7}.
func clickID(key []byte) (int, error) {
	text, ok := bytes.CutPrefix(key, []byte(`{"key_id":`))
	if !ok {
		return 0, fmt.Errorf("unexpected key %q", key)
	}
	return strconv.Atoi(string(bytes.TrimSuffix(text, []byte("}"))))
}

// centsIn finds the price in a record's value.
func centsIn(value []byte) (int64, error) {
	_, rest, found := bytes.Cut(value, []byte(`"value_price":`))
	text, _, ended := bytes.Cut(rest, []byte(","))
	if !found || !ended {
		return 0, fmt.Errorf("there is no price in %q", value)
	}
	return parseCents(text)
}
