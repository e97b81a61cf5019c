package databases

import (
	"net"
	"reflect"
	"strconv"
	"testing"
)

func TestAServerThatIsKilledComesBackWithItsData(t *testing.T) {
	for name, server := range map[string]func(testing.TB) Server{"MySQL": MySQL, "MariaDB": MariaDB, "PostgreSQL": PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			s := server(t)
			db := s.NewDatabase(t)
			s.Exec(t, db, "CREATE TABLE kept (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO kept VALUES (1, 'x'), (2, NULL)")
			s.Kill(t)
			if c, err := net.Dial("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port))); err == nil {
				c.Close()
				t.Error("the server was killed and accepts connections")
			}
			s.Restart(t)
			want := [][]string{{"1", "x"}, {"2", Null}}
			if rows := s.Query(t, db, "SELECT * FROM kept ORDER BY id"); !reflect.DeepEqual(rows, want) {
				t.Errorf("after the kill: %v, want %v", rows, want)
			}
		})
	}
}

func TestMySQLIsReadyForCapture(t *testing.T) {
	s := MySQL(t)
	rows := s.Query(t, "", "SELECT @@log_bin, @@binlog_format, @@binlog_row_metadata, @@gtid_mode, @@have_ssl")
	if want := [][]string{{"1", "ROW", "FULL", "ON", "YES"}}; !reflect.DeepEqual(rows, want) {
		t.Errorf("settings %v, want %v", rows, want)
	}
}

func TestADSNNamesTheServer(t *testing.T) {
	my, err := parseMySQL("root:p@ss@tcp(db:3307)/")
	if err != nil || my.Host != "db" || my.Port != 3307 || my.User != "root" || my.Password != "p@ss" {
		t.Errorf("MySQL %+v: %v", my, err)
	}
	if again, err := parseMySQL(my.DSN("x")); err != nil || again != my {
		t.Errorf("MySQL %+v: %v", again, err)
	}
	pg, err := parsePostgres("postgres://me:p%40ss@db:5433/")
	if err != nil || pg.Host != "db" || pg.Port != 5433 || pg.User != "me" || pg.Password != "p@ss" {
		t.Errorf("PostgreSQL %+v: %v", pg, err)
	}
	if again, err := parsePostgres(pg.DSN("x")); err != nil || again != pg {
		t.Errorf("PostgreSQL %+v: %v", again, err)
	}
}
