package capture_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
)

func TestRowsFromBeforeAnAlterAreReadAsTheyWere(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	r.Stop()
	b.Fill(0, 10) // nobody reads
	b.Exec("ALTER TABLE click_stream ADD COLUMN first INT FIRST, MODIFY productId VARCHAR(200), ADD COLUMN middle TEXT AFTER brand",
		"INSERT INTO click_stream (id, brand, middle) VALUES (11, 'x', 'y')",
		"ALTER TABLE click_stream DROP COLUMN middle, MODIFY price DECIMAL(12,2) AFTER id",
		"UPDATE click_stream SET brand = 'last' WHERE id = 3")
	r = b.Start(b.Config())
	b.AwaitEqual(clickQuery)
	r.Stop()
}

func TestACaptureOfAllColumnsKeepsThoseItBeganWith(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), `{"table": "notes", "topic": "TOPIC"}`)
	const query = `SELECT CONCAT('{"id":', id, '}'), CONCAT('{"id":', id, ',"text":', JSON_QUOTE(text), '}') FROM notes`
	b.Exec("CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(20))", "INSERT INTO notes VALUES (1, 'a')")
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	b.Exec("ALTER TABLE notes ADD COLUMN later INT FIRST, ADD UNIQUE (text)", "INSERT INTO notes VALUES (5, 2, 'b')")
	b.AwaitEqual(query)
	r.Stop()
	b.Exec("INSERT INTO notes VALUES (6, 3, 'c')")
	r = b.Start(b.Config())
	b.AwaitEqual(query)
	r.Stop()
}

func TestGeneratedColumnsAreCaptured(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), `{"table": "made", "topic": "TOPIC"}`)
	const query = `SELECT CONCAT('{"id":', id, '}'), CONCAT('{"id":', id, ',"v":', v, ',"s":', s, ',"z":', z, '}') FROM made`
	b.Exec("CREATE TABLE made (id INT PRIMARY KEY, v INT AS (id+1) VIRTUAL, s INT AS (id*2) STORED, z INT)", "INSERT INTO made (id, z) VALUES (1, 7)")
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	b.Exec("INSERT INTO made (id, z) VALUES (2, 8)", "UPDATE made SET id = 5, z = 9 WHERE id = 1")
	b.AwaitEqual(query)
	r.Stop()
}

func TestAnAlterOfACapturedColumnStopsWithItsName(t *testing.T) {
	for alter, want := range map[string]string{
		"DROP COLUMN brand":                                    "column brand is gone",
		"RENAME COLUMN brand TO make":                          "column brand is gone",
		"MODIFY price VARCHAR(20)":                             "column price: a text column cannot be written as number",
		"MODIFY brand VARCHAR(50) CHARACTER SET gbk":           "column brand: its character set is gbk now",
		"MODIFY userId GEOMETRY, MODIFY eventTime VARCHAR(50)": "column eventTime: a text column cannot be written as timestamp-ms",
	} {
		t.Run(alter, func(t *testing.T) {
			b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
			b.Exec(clickTable)
			r := b.Start(b.Config())
			b.AwaitSnapshot()
			b.Exec("ALTER TABLE click_stream "+alter, "INSERT INTO click_stream (id) VALUES (7)")
			err := r.Fails()
			for _, part := range []string{want, "click_stream", "the table has changed"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
}

func TestAStatementThatChangesTheTableWithoutItsRowsStopsUntilItIsAccepted(t *testing.T) {
	for _, statement := range []string{"TRUNCATE TABLE click_stream", "truncate `click_stream`", "RENAME TABLE click_stream TO gone, other TO click_stream", "DROP TABLE click_stream"} {
		t.Run(statement, func(t *testing.T) {
			b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
			b.Exec(clickTable, "CREATE TABLE other LIKE click_stream", "TRUNCATE other")
			r := b.Start(b.Config())
			b.AwaitSnapshot()
			b.Exec("TRUNCATE other", "CREATE TABLE third LIKE click_stream", "INSERT INTO third (id) VALUES (1)", "DROP TABLE third")
			b.Fill(0, 5)
			b.AwaitEqual(clickQuery)
			b.Exec(statement)
			err := r.Fails()
			verb, _, _ := strings.Cut(strings.ToUpper(statement), " ")
			if !strings.Contains(err.Error(), verb) {
				t.Errorf("got %v", err)
			}
			place := regexp.MustCompile(`transaction ([-0-9a-f]+:\d+)`).FindStringSubmatch(err.Error())
			if place == nil {
				t.Fatalf("no place in: %v", err)
			}
			if strings.HasPrefix(statement, "DROP") {
				b.Exec(clickTable)
			}
			c := b.Config()
			c.Source.Accept = place[1]
			r = b.Start(c)
			b.Exec("INSERT INTO click_stream (id) VALUES (6)")
			capture.Await(t, "the row behind the statement", func() bool {
				_, there := capture.Compacted(t, b.Records())[`{"key_id":6}`]
				return there
			})
			r.Stop()
		})
	}
}

func TestAStatementThatIsLoggedAsTextStops(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	if _, err := b.Connect("binlog_format=STATEMENT").Exec("INSERT INTO click_stream (id) VALUES (7)"); err != nil {
		t.Fatal(err)
	}
	if err := r.Fails(); !strings.Contains(err.Error(), "INSERT was logged as a statement") {
		t.Errorf("got %v", err)
	}
}

func TestAnXATransactionStops(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	db := b.Connect("timeout=1m")
	db.SetMaxOpenConns(1)
	for _, s := range []string{"XA START 'x'", "INSERT INTO click_stream (id) VALUES (7)", "XA END 'x'", "XA PREPARE 'x'", "XA ROLLBACK 'x'"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Fails(); !strings.Contains(err.Error(), "XA") {
		t.Errorf("got %v", err)
	}
}

func TestAPurgedLogStopsAndSkipsNothing(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	r.Stop()
	b.Fill(0, 5)
	b.Exec("FLUSH BINARY LOGS")
	rows := b.MySQL.Query(t, "", "SHOW BINARY LOGS")
	b.Exec(fmt.Sprintf("PURGE BINARY LOGS TO '%s'", rows[len(rows)-1][0]))
	refused(t, b, b.Config(), "purged", "the changes in between are lost to this capture, and it does not skip them", "binlog_expire_logs_seconds")
	if n := len(b.Records()); n != 0 {
		t.Errorf("%d records were written", n)
	}
}

// withoutGTIDs turns them off for a test. The server goes from one mode to the next only.
func withoutGTIDs(t *testing.T, b *capture.Bench) {
	t.Helper()
	modes := []string{"ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"}
	for _, m := range modes {
		b.Exec("SET GLOBAL gtid_mode = " + m)
	}
	t.Cleanup(func() {
		for _, m := range []string{"OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"} {
			b.Exec("SET GLOBAL gtid_mode = " + m)
		}
		b.Exec("FLUSH BINARY LOGS") // readers by GTID don't pass transactions that have none
	})
}

func TestWithoutGTIDsTheFileAndTheOffsetCount(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	withoutGTIDs(t, b)
	b.Exec(clickTable)
	b.Fill(0, 300)
	changes := b.Change(300, 2, rand.New(rand.NewPCG(1, 2)))
	for range 3 {
		r := b.Start(b.Config())
		capture.Await(t, "a first position", func() bool {
			b.MustRun()
			p, found := b.Position()
			return found && p.File != "" && p.GTIDs == nil
		})
		b.Exec("FLUSH BINARY LOGS")
		r.Stop()
	}
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	changes.Stop(t)
	b.AwaitEqual(clickQuery)
	r.Stop()

	b.Define(strings.Replace(clickCapture, "TOPIC", "TOPIC-quiet", 1)) // at the very start of a file, and nothing comes
	b.Exec("FLUSH BINARY LOGS")
	r = b.Start(b.Config())
	capture.Await(t, "a snapshot of a quiet table", func() bool {
		b.MustRun()
		return len(b.RecordsOf(b.Topic+"-quiet")) == len(b.Table(clickQuery))
	})
	r.Stop()
	b.Define(clickCapture)
	b.Fill(100_000, 5)
	b.Exec("FLUSH BINARY LOGS")
	rows := b.MySQL.Query(t, "", "SHOW BINARY LOGS")
	b.Exec(fmt.Sprintf("PURGE BINARY LOGS TO '%s'", rows[len(rows)-1][0]))
	refused(t, b, b.Config(), "ERROR 1236", "the changes in between are lost to this capture, and it does not skip them")
}
