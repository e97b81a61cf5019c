package sqlsink

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (d *mysqlDialect) inspect(ctx context.Context, c conn, table string) (*schema, error) {
	columns, err := c.query(ctx, `SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE,
		COLUMN_DEFAULT IS NOT NULL OR EXTRA LIKE '%auto_increment%' OR EXTRA LIKE '%GENERATED%', CHARACTER_SET_NAME, COLLATION_NAME
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`, table)
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	s := &schema{}
	for _, c := range columns {
		f := found{
			name: c[0].V, typ: c[1].V, family: mysqlFamily(c[2].V), unsigned: strings.Contains(c[1].V, "unsigned"),
			nullable: c[4].V == "YES", hasDefault: c[5].V == "1", charset: c[6].V, collation: c[7].V,
		}
		f.length, _ = strconv.Atoi(c[3].V) // of other types, and of LONGTEXT, there is none that matters
		s.columns = append(s.columns, f)
	}
	indexes, err := c.query(ctx, `SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS
		WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`, table)
	if err != nil {
		return nil, err
	}
	for _, i := range indexes {
		switch name := i[0].V; {
		case name == "PRIMARY":
			s.key = append(s.key, i[1].V)
		case !slices.Contains(s.unique, name):
			s.unique = append(s.unique, name)
		}
	}
	return s, nil
}

func mysqlFamily(typ string) family {
	switch strings.ToLower(typ) {
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return textFamily
	case "bigint":
		return integerFamily
	case "tinyint", "smallint", "mediumint", "int":
		return smallFamily
	case "double":
		return doubleFamily
	case "float":
		return singleFamily
	case "decimal":
		return decimalFamily
	}
	return otherFamily
}

// keys: most collations pad texts with spaces before they compare them, and many know no case.
func (d *mysqlDialect) keys(t *target, s *schema) (padded bool, notes []string) {
	for _, k := range t.Key {
		c, ok := s.column(k)
		if !ok || c.collation == "" {
			continue
		}
		padded = padded || !strings.Contains(c.collation, "_0900_") && !strings.Contains(c.collation, "_nopad_") && c.collation != "binary"
		if !strings.HasSuffix(c.collation, "_bin") && !strings.HasSuffix(c.collation, "_cs") {
			notes = append(notes, fmt.Sprintf("by the collation %s of column %s, keys that differ only in case or accents are one row", c.collation, c.name))
		}
	}
	return padded, notes
}
