package sqlsink

import (
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// A process that stood still finds its connection ended by the server. It tries again, and learns whether it was
// replaced meanwhile.
func TestServersThatGaveUpOnUsAreAskedAgain(t *testing.T) {
	for _, code := range []string{"25P03", "25P04", "57P01", "57P05", "08006"} {
		err := &pgconn.PgError{Severity: "FATAL", Code: code}
		if v := (&postgresDialect{}).judge(err); v != passing {
			t.Errorf("PostgreSQL %s: %v", code, v)
		}
	}
	for _, number := range []uint16{1927, 2006, 2013, 4031} {
		if v := (&mysqlDialect{}).judge(&mysql.MySQLError{Number: number}); v != passing {
			t.Errorf("MySQL %d: %v", number, v)
		}
	}
}
