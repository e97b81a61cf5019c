package sqlsink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/tables"
)

// createTable is the statement that makes the table of a projection.
func createTable(d dialect, p tables.Projection) string {
	var lines []string
	for _, c := range p.Columns {
		key := slices.Contains(p.Key, c.Name)
		line := d.quote(c.Name) + " " + d.columnType(c.Type, key)
		if key || c.NotNull {
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	lines = append(lines, "PRIMARY KEY ("+list(d, p.Key, ", ", nil)+")")
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n  %s\n)%s", d.quote(p.Table), strings.Join(lines, ",\n  "), d.tableOptions(p))
}
