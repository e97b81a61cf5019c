package sqlsink

import (
	"context"
	"strings"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// dialect is what differs between databases.
type dialect interface {
	// connect opens a connection. Its errors hold no password.
	connect(ctx context.Context) (conn, error)
	// columnType is the name of a type. Those of the primary key are compared byte by byte.
	columnType(t tables.Type, key bool) string
	// tableOptions stand behind the columns of a CREATE TABLE.
	tableOptions(p tables.Projection) string
	quote(name string) string
	// inspect describes a table, nil if there is none.
	inspect(ctx context.Context, c conn, table string) (*schema, error)
	// forUpdate locks the rows of a SELECT.
	forUpdate() string
	judge(err error) verdict
	// grant is the statement that lets the user work on a table.
	grant(user, table string) string
	// rowsPerStatement is how many rows one upsert or remove should take.
	rowsPerStatement() int
	// writers is how many connections can write at once, at most.
	writers() int
	// keys looks at what a table's definition does to texts in the primary key: whether it takes two that differ in
	// spaces at the end for one, and what else to warn of.
	keys(t *target, s *schema) (padded bool, notes []string)
	// close ends what connect leaves behind. Connections are closed by then.
	close()
}

// A process that stands still within a transaction holds the locks of its positions, and whoever is to take its place
// waits for them. So the server ends a connection that says nothing for longer than silence, and a lane that has nothing
// to write for longer than restless gives up its connection by itself.
const (
	silence  = 30 * time.Second
	restless = 10 * time.Second
)

// conn is a connection. It is used by one goroutine at a time. Statements have ? for arguments.
type conn interface {
	// exec returns how many rows were met, changed or not.
	exec(ctx context.Context, statement string, args ...any) (int64, error)
	query(ctx context.Context, statement string, args ...any) ([][]codecs.Text, error)
	begin(ctx context.Context) error
	commit(ctx context.Context) error
	// rollback ends a transaction if there is one. It does not fail: a connection that can't even do that breaks at its
	// next statement.
	rollback(ctx context.Context)

	// bind makes upsert and remove ready for a table.
	bind(ctx context.Context, t *target, s *schema) error
	// upsert and remove write rows, all or none of them.
	upsert(ctx context.Context, rows []row) error
	remove(ctx context.Context, rows []row) error
	close()
}

// verdict is what an error of the database means.
type verdict int

const (
	fatal   verdict = iota // nothing that waiting or leaving out a row would mend
	passing                // another try may succeed, over a new connection
	refused                // the database will not have a row
	denied                 // the user may not
)

// schema is what a table looks like.
type schema struct {
	columns []found
	key     []string
	unique  []string // other unique indexes
}

// found is a column of a table that exists.
type found struct {
	name, typ  string // the type as the database writes it
	family     family
	length     int // characters of text; 0: unbounded
	unsigned   bool
	nullable   bool
	hasDefault bool
	charset    string // MySQL
	collation  string // MySQL
}

// family says which values a type can hold.
type family int

const (
	otherFamily family = iota
	textFamily
	integerFamily
	smallFamily // integers of less than 64 bits
	doubleFamily
	singleFamily // floating point of less than 64 bits
	decimalFamily
)

func (s *schema) column(name string) (found, bool) {
	for _, c := range s.columns {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return found{}, false
}

// list joins names, each quoted and with something around it.
func list(d dialect, names []string, separator string, f func(quoted string) string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = d.quote(n)
		if f != nil {
			parts[i] = f(parts[i])
		}
	}
	return strings.Join(parts, separator)
}
