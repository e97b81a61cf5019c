package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/tables"
)

// opening are the checks before anything is read: whatever does not fit is listed, all of it.
type opening struct {
	d        dialect
	c        conn
	settings Database
	create   bool
	log      *slog.Logger
}

// table makes a table if it may, and compares it with its declaration. Differences that do no harm are logged.
func (o *opening) table(ctx context.Context, p tables.Projection) (*schema, error) {
	s, err := o.d.inspect(ctx, o.c, p.Table)
	if err == nil && s == nil {
		if s, err = o.make(ctx, p); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("describe table %s in %s: %w", p.Table, o.settings, err)
	}
	problems, notes := differences(p, s)
	for _, n := range notes {
		o.log.Warn("an existing table differs from its declaration", "table", p.Table, "difference", n)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("table %s in %s does not fit: %s; change it, or use another database", p.Table, o.settings, strings.Join(problems, "; "))
	}
	return s, o.privileges(ctx, p)
}

func (o *opening) make(ctx context.Context, p tables.Projection) (*schema, error) {
	statement := createTable(o.d, p)
	if !o.create {
		return nil, fmt.Errorf("table %s does not exist in %s: start with --create-tables, or create it:\n%s;", p.Table, o.settings, statement)
	}
	if _, err := o.c.exec(ctx, statement); err != nil {
		return nil, fmt.Errorf("create table %s in %s (the statement is below; it can be run by another user): %w\n%s;", p.Table, o.settings, err, statement)
	}
	o.log.Info("created a table", "table", p.Table)
	s, err := o.d.inspect(ctx, o.c, p.Table)
	if err == nil && s == nil {
		err = errors.New("it was created and is not there")
	}
	return s, err
}

// privileges tries what a sink does, without doing anything.
func (o *opening) privileges(ctx context.Context, p tables.Projection) error {
	columns := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		columns[i] = c.Name
	}
	table, all := o.d.quote(p.Table), list(o.d, columns, ", ", nil)
	first := o.d.quote(columns[0])
	for what, statement := range map[string]string{
		"SELECT": fmt.Sprintf("SELECT %s FROM %s WHERE 1 = 0", all, table),
		"INSERT": fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE 1 = 0", table, all, all, table),
		"UPDATE": fmt.Sprintf("UPDATE %s SET %s = %s WHERE 1 = 0", table, first, first),
		"DELETE": fmt.Sprintf("DELETE FROM %s WHERE 1 = 0", table),
	} {
		if _, err := o.c.query(ctx, statement); err != nil {
			if o.d.judge(err) == denied {
				return fmt.Errorf("the user may not %s on table %s in %s: %s: %w", what, p.Table, o.settings, o.d.grant(o.user(ctx), p.Table), err)
			}
			return fmt.Errorf("try %s on table %s in %s: %w", what, p.Table, o.settings, err)
		}
	}
	return nil
}

// user is whom the database takes us for: in MySQL with the host that the privileges are given to.
func (o *opening) user(ctx context.Context) string {
	if rows, err := o.c.query(ctx, "SELECT CURRENT_USER"); err == nil && len(rows) == 1 {
		return rows[0][0].V
	}
	return o.settings.User
}

// differences compares a declaration with a table. Problems make writing impossible or wrong; notes don't.
func differences(p tables.Projection, s *schema) (problems, notes []string) {
	problem := func(format string, a ...any) { problems = append(problems, fmt.Sprintf(format, a...)) }
	note := func(format string, a ...any) { notes = append(notes, fmt.Sprintf(format, a...)) }
	declared := map[string]bool{}
	for _, c := range p.Columns {
		declared[strings.ToLower(c.Name)] = true
		have, ok := s.column(c.Name)
		if !ok {
			problem("column %s (%s) is missing", c.Name, c.Type)
			continue
		}
		switch fits, why := fit(c.Type, have); {
		case !fits:
			problem("column %s is %s, wanted is %s", c.Name, have.typ, c.Type)
		case why != "":
			note("column %s is %s, declared is %s: %s", c.Name, have.typ, c.Type, why)
		}
		if !have.nullable && !c.NotNull && !slices.Contains(p.Key, c.Name) {
			note("column %s is NOT NULL: rows without a value for it will be refused", c.Name)
		}
	}
	for _, c := range s.columns {
		if !declared[strings.ToLower(c.name)] && !c.nullable && !c.hasDefault {
			problem("column %s is NOT NULL without a default, and nothing is written to it", c.name)
		}
	}
	if !sameNames(p.Key, s.key) {
		problem("its primary key is (%s), wanted is (%s)", strings.Join(s.key, ", "), strings.Join(p.Key, ", "))
	}
	for _, u := range s.unique {
		problem("the unique index %s besides the primary key would let one row take the place of another", u)
	}
	return problems, notes
}

func sameNames(a, b []string) bool {
	lower := func(names []string) []string {
		all := make([]string, len(names))
		for i, n := range names {
			all[i] = strings.ToLower(n)
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(lower(a), lower(b))
}

// fit reports whether a column can take a declared type, and what to know about it.
func fit(want tables.Type, have found) (ok bool, why string) {
	if have.unsigned {
		why = "negative figures will be refused"
	}
	switch want.Kind() {
	case tables.KindVarchar, tables.KindText:
		if want.Kind() == tables.KindVarchar && have.length > 0 && have.length < want.Length() {
			why = "longer texts will be refused"
		}
		return have.family == textFamily, why
	case tables.KindBigInt:
		if have.family == smallFamily {
			why = "larger figures will be refused"
		}
		return slices.Contains([]family{integerFamily, smallFamily, decimalFamily, textFamily}, have.family), why
	case tables.KindDouble:
		if have.family == singleFamily {
			why = "figures lose digits"
		}
		return slices.Contains([]family{doubleFamily, singleFamily, decimalFamily, textFamily}, have.family), why
	case tables.KindDecimal:
		if have.family == doubleFamily || have.family == singleFamily {
			why = "figures are no longer exact"
		}
		return slices.Contains([]family{decimalFamily, doubleFamily, singleFamily, textFamily}, have.family), why
	}
	return false, ""
}
