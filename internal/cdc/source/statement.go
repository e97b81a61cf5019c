package source

import (
	"strings"
)

// tokens splits a statement into words, quoted names, and single characters. Comments are left out, but not the
// content of those that MySQL runs (/*! */). Texts are left out.
func tokens(sql string) (all []token) {
	for i := 0; i < len(sql); {
		rest := sql[i:]
		switch c := sql[i]; {
		case strings.HasPrefix(rest, "/*!"):
			i += 3
			for i < len(sql) && sql[i] >= '0' && sql[i] <= '9' {
				i++
			}
		case strings.HasPrefix(rest, "*/"):
			i += 2
		case strings.HasPrefix(rest, "/*"):
			i += behind(rest[2:], "*/") + 2
		case c == '#', strings.HasPrefix(rest, "-- "), strings.HasPrefix(rest, "--\n"):
			i += behind(rest, "\n")
		case c == '`':
			name, n := quoted(rest)
			all = append(all, token{text: name, name: true})
			i += n
		case c == '\'' || c == '"':
			_, n := quoted(rest)
			i += n
		case isWord(c):
			n := 1
			for i+n < len(sql) && isWord(sql[i+n]) {
				n++
			}
			all = append(all, token{text: rest[:n]})
			i += n
		case c <= ' ':
			i++
		default:
			all = append(all, token{text: string(c)})
			i++
		}
	}
	return all
}

type token struct {
	text string
	name bool // it was in backquotes: no keyword
}

func (t token) is(word string) bool { return !t.name && strings.EqualFold(t.text, word) }

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// behind is the index behind the first occurrence of mark, or the length.
func behind(text, mark string) int {
	if i := strings.Index(text, mark); i >= 0 {
		return i + len(mark)
	}
	return len(text)
}

// quoted reads a text in quotes, with doubled quotes and, except in backquotes, backslashes. n is its length.
func quoted(text string) (content string, n int) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			b.WriteByte(quote)
			i++
		case text[i] == quote:
			return b.String(), i + 1
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), len(text)
}

// danger says what a statement in the log does to the rows of a table without logging them, "" if nothing. schema is
// the database that the statement ran in.
func danger(sql, schema, ofSchema, ofTable string) string {
	all := tokens(sql)
	if len(all) == 0 {
		return ""
	}
	named := names(all, schema, ofSchema, ofTable)
	first := strings.ToUpper(all[0].text)
	switch first {
	case "TRUNCATE":
		if named {
			return "TRUNCATE removed all rows"
		}
	case "RENAME":
		if named {
			return "RENAME moved the table, or another one to its name"
		}
	case "DROP":
		return drop(all, ofSchema, named)
	case "ALTER":
		if named {
			return alter(all)
		}
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH":
		if named {
			return first + " was logged as a statement, not as rows (a session with another binlog_format than ROW)"
		}
	}
	return ""
}

func drop(all []token, ofSchema string, named bool) string {
	if len(all) < 2 || all[1].is("TEMPORARY") {
		return ""
	}
	if all[1].is("TABLE") && named {
		return "DROP TABLE removed it"
	}
	if all[1].is("DATABASE") || all[1].is("SCHEMA") {
		if last := all[len(all)-1]; strings.EqualFold(last.text, ofSchema) {
			return "DROP DATABASE removed it"
		}
	}
	return ""
}

// alter looks for what changes rows or the name. Changes of columns show in the log's own descriptions.
func alter(all []token) string {
	for i, t := range all {
		next := func(words ...string) bool {
			for _, w := range words {
				if i+1 < len(all) && all[i+1].is(w) {
					return true
				}
			}
			return false
		}
		switch {
		case t.is("TRUNCATE") && next("PARTITION"), t.is("DROP") && next("PARTITION"), t.is("EXCHANGE") && next("PARTITION"),
			t.is("DISCARD"), t.is("IMPORT") && next("TABLESPACE", "PARTITION"):
			return "ALTER TABLE " + strings.ToUpper(t.text) + " changed rows"
		case t.is("DROP") && next("PRIMARY"):
			return "ALTER TABLE dropped the primary key, by which rows are told apart"
		case t.is("REFERENCES") && cascades(all[i:]):
			return "ALTER TABLE added a foreign key through which rows change unlogged (CASCADE, SET NULL)"
		case t.is("RENAME") && !next("COLUMN", "INDEX", "KEY"):
			return "ALTER TABLE RENAME moved the table, or another one to its name"
		}
	}
	return ""
}

// cascades looks at what follows REFERENCES.
func cascades(all []token) bool {
	for i, t := range all {
		if t.is("CASCADE") || t.is("SET") && i+1 < len(all) && (all[i+1].is("NULL") || all[i+1].is("DEFAULT")) {
			return true
		}
	}
	return false
}

// names reports whether a statement names the table, with or without the database before it.
func names(all []token, schema, ofSchema, ofTable string) bool {
	for i, t := range all {
		if !strings.EqualFold(t.text, ofTable) {
			continue
		}
		if i >= 2 && all[i-1].is(".") {
			if strings.EqualFold(all[i-2].text, ofSchema) {
				return true
			}
			continue
		}
		if strings.EqualFold(schema, ofSchema) {
			return true
		}
	}
	return false
}
