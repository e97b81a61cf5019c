package compose

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the driver
)

// showWithin bounds how long a result may take from the record to where it is looked for.
const showWithin = 2 * time.Minute

// Database is the project's MySQL, open as root until the test ends.
type Database struct{ db *sql.DB }

// Database opens the project's MySQL.
func (p *Project) Database(t testing.TB) Database {
	t.Helper()
	password := "tributary" // the default of docker-compose.yml
	if given := os.Getenv("MYSQL_ROOT_PASSWORD"); given != "" {
		password = given
	}
	db, err := sql.Open("mysql", fmt.Sprintf("root:%s@tcp(127.0.0.1:%d)/tributary", password, p.database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return Database{db}
}

// Exec runs a statement.
func (d Database) Exec(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	if _, err := d.db.ExecContext(ctx, statement); err != nil {
		t.Fatalf("%.200s: %v", statement, err)
	}
}

// Await waits until a query gives these rows, their columns joined by "|".
func (d Database) Await(t testing.TB, query string, want ...string) {
	t.Helper()
	var got []string
	err := Poll(func() (err error) {
		if got, err = d.rows(query); err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("not there yet")
		}
		return err
	})
	if err != nil {
		t.Errorf("%s\ngives\n  %s\nwant\n  %s\n(%v)", query, strings.Join(got, "\n  "), strings.Join(want, "\n  "), err)
	}
}

// Poll asks until there is no error, and returns the last one if there always was.
func Poll(ask func() error) error {
	var err error
	for deadline := time.Now().Add(showWithin); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = ask(); err == nil {
			return nil
		}
	}
	return err
}

func (d Database) rows(query string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	rows, err := d.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all []string
	for rows.Next() {
		fields, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range fields {
			targets[i] = &fields[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		texts := make([]string, len(fields))
		for i, f := range fields {
			texts[i] = f.String
		}
		all = append(all, strings.Join(texts, "|"))
	}
	return all, rows.Err()
}
