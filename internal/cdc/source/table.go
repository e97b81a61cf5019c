package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/internal/cdc"
)

// table is what the server says of the table.
type table struct {
	schema, name string
	engine       string
	columns      []column
	primary      []string
	unique       [][]string // columns of each unique index, the primary key among them
	charsets     map[uint64]string
	cascades     []string // foreign keys through which other tables change rows of this one
}

type column struct {
	cdc.Type
	dataType string // as information_schema has it: varchar
	charset  string // "" for what is no text
	strange  error  // why the column can't be captured
}

// families by data type.
var families = map[string]cdc.Family{
	"tinyint": cdc.Integer, "smallint": cdc.Integer, "mediumint": cdc.Integer, "int": cdc.Integer, "bigint": cdc.Integer,
	"year": cdc.Integer, "bit": cdc.Integer, "decimal": cdc.Decimal, "float": cdc.Single, "double": cdc.Double,
	"char": cdc.Text, "varchar": cdc.Text, "tinytext": cdc.Text, "text": cdc.Text, "mediumtext": cdc.Text, "longtext": cdc.Text,
	"enum": cdc.Text, "set": cdc.Text,
	"binary": cdc.Binary, "varbinary": cdc.Binary, "tinyblob": cdc.Binary, "blob": cdc.Binary, "mediumblob": cdc.Binary, "longblob": cdc.Binary,
	"date": cdc.Calendar, "time": cdc.Calendar, "datetime": cdc.DateTime, "timestamp": cdc.Timestamp, "json": cdc.Document,
}

func (t *table) types() []cdc.Type {
	all := make([]cdc.Type, len(t.columns))
	for i, c := range t.columns {
		all[i] = c.Type
	}
	return all
}

func (t *table) column(name string) *column {
	i := slices.IndexFunc(t.columns, func(c column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return nil
	}
	return &t.columns[i]
}

func (t *table) String() string { return t.schema + "." + t.name }

func (t *table) quoted() string { return quoteName(t.schema) + "." + quoteName(t.name) }

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// quoteText is a literal of any text, whatever the sql_mode and the characters.
func quoteText(text string) string { return fmt.Sprintf("_utf8mb4 x'%x'", text) }

// describe asks for the table. Names come back as the server, and its log, write them.
func describe(c *conn, schema, name string) (*table, error) {
	where := fmt.Sprintf("table_schema = %s AND table_name = %s", quoteText(schema), quoteText(name))
	found, err := c.rows("SELECT table_schema, table_name, table_type, engine FROM information_schema.tables WHERE " + where)
	if err != nil {
		return nil, err
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("there is no table %s.%s, or the user may not see it: check the names, or GRANT SELECT ON %s.%s TO the user: %w",
			schema, name, quoteName(schema), quoteName(name), cdc.ErrStop)
	case found[0][2] != "BASE TABLE":
		return nil, fmt.Errorf("%s.%s is a %s: only tables have changes: %w", schema, name, found[0][2], cdc.ErrStop)
	}
	t := &table{schema: found[0][0], name: found[0][1], engine: found[0][3], charsets: map[uint64]string{}}
	return t, errors.Join(t.describeColumns(c, where), t.describeKeys(c, where), t.describeCharsets(c), t.describeCascades(c))
}

func (t *table) describeColumns(c *conn, where string) error {
	rows, err := c.rows("SELECT column_name, data_type, character_set_name, is_nullable FROM information_schema.columns WHERE " + where + " ORDER BY ordinal_position")
	if err != nil {
		return err
	}
	for _, r := range rows {
		family, known := families[strings.ToLower(r[1])]
		col := column{Type: cdc.Type{Name: r[0], Family: family, Null: r[3] == "YES"}, dataType: strings.ToLower(r[1]), charset: r[2]}
		if !known {
			col.strange = fmt.Errorf("column %s is of type %s, which can't be captured: leave it out of the capture's columns", r[0], r[1])
		} else if family == cdc.Text && !readable(r[2]) {
			col.strange = fmt.Errorf("column %s has the character set %s; readable are utf8mb4, utf8, ascii and latin1: leave it out of the "+
				"capture's columns, or ALTER it to utf8mb4", r[0], r[2])
		}
		t.columns = append(t.columns, col)
	}
	return nil
}

func (t *table) describeKeys(c *conn, where string) error {
	rows, err := c.rows("SELECT index_name, column_name, sub_part FROM information_schema.statistics WHERE " + where +
		" AND non_unique = 0 ORDER BY index_name = 'PRIMARY' DESC, index_name, seq_in_index")
	if err != nil {
		return err
	}
	last := ""
	for _, r := range rows {
		if r[0] != last {
			t.unique = append(t.unique, nil)
			last = r[0]
		}
		i := len(t.unique) - 1
		name := r[1]
		if r[2] != "" { // unique in its first characters: of no use as a key
			name += "(" + r[2] + ")"
		}
		t.unique[i] = append(t.unique[i], name)
		if r[0] == "PRIMARY" {
			t.primary = t.unique[i]
		}
	}
	return nil
}

func (t *table) describeCharsets(c *conn) error {
	rows, err := c.rows("SELECT id, character_set_name FROM information_schema.collations")
	if err != nil {
		return err
	}
	for _, r := range rows {
		var id uint64
		if _, err := fmt.Sscan(r[0], &id); err == nil {
			t.charsets[id] = r[1]
		}
	}
	return nil
}

func (t *table) describeCascades(c *conn) error {
	rows, err := c.rows(fmt.Sprintf("SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = %s AND table_name = %s "+
		"AND (delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))", quoteText(t.schema), quoteText(t.name)))
	for _, r := range rows {
		t.cascades = append(t.cascades, r[0])
	}
	return err
}

// readable reports whether text in a character set can be turned into UTF-8.
func readable(charset string) bool {
	switch charset {
	case "utf8mb4", "utf8mb3", "utf8", "ascii", "latin1":
		return true
	}
	return false
}

// unordered are types whose order in the index is not that of their text, or whose equality can't be written down.
var unordered = []string{"enum", "set", "bit", "float", "double", "json"}

// check says what in the table stands against a capture with this layout.
func (t *table) check(l cdc.Layout) error {
	var errs []error
	if t.engine != "InnoDB" {
		errs = append(errs, fmt.Errorf("the table's engine is %s: a consistent reading needs InnoDB: ALTER TABLE %s ENGINE=InnoDB", t.engine, t.quoted()))
	}
	if len(t.primary) == 0 {
		errs = append(errs, fmt.Errorf("the table has no primary key, and without it rows can't be told apart: ALTER TABLE %s ADD PRIMARY KEY (...)", t.quoted()))
	}
	if len(t.cascades) > 0 {
		errs = append(errs, fmt.Errorf("the foreign keys %v change rows of the table when others change (CASCADE, SET NULL), and InnoDB does not log that: "+
			"make them RESTRICT, and let the application change the rows", t.cascades))
	}
	for _, name := range t.primary {
		if c := t.column(name); c == nil || slices.Contains(unordered, c.dataType) {
			errs = append(errs, fmt.Errorf("the primary key holds %s, by which the table can't be read in chunks", name))
		}
	}
	for _, name := range l.Read {
		if c := t.column(name); c != nil && c.strange != nil {
			errs = append(errs, c.strange)
		}
	}
	return errors.Join(append(errs, t.checkKey(l.KeyColumns()))...)
}

// checkKey demands that no two rows have the same key.
func (t *table) checkKey(key []string) error {
	for _, name := range key {
		if c := t.column(name); c != nil && c.Null {
			return fmt.Errorf("column %s is part of the key and may be null: ALTER it to NOT NULL, or take another key", name)
		}
	}
	for _, index := range t.unique {
		within := func(name string) bool {
			return slices.ContainsFunc(key, func(k string) bool { return strings.EqualFold(k, name) })
		}
		if !slices.ContainsFunc(index, func(name string) bool { return !within(name) }) {
			return nil
		}
	}
	return fmt.Errorf("the key %v holds no unique index of the table %v: two rows could have the same key and overwrite each other", key, t.unique)
}
