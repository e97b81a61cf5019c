package backtest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tributary-go/tributary/cep/rules"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// Rule and found are those of clicks.
type (
	Rule  = rules.Rule[clickalerts.Click]
	found = rules.Found[clickalerts.Click]
)

// Report is what rules make of clicks.
type Report struct {
	Clicks *Clicks
	Rule   Rule
	// Against is the rule to compare with; nil: none.
	Against *Rule
	// Examples bounds how many alerts are shown, and how many of those that differ either way.
	Examples int
	// Zone is that of days and times.
	Zone *time.Location
}

// Write runs the rules and says what came of it.
func (r Report) Write(w io.Writer) error {
	b := &strings.Builder{}
	now := r.Rule.Replay(r.Clicks.All, millis)
	r.head(b, now)
	var before []found
	if r.Against != nil {
		before = r.Against.Replay(r.Clicks.All, millis).Found
	}
	r.days(b, now.Found, before)
	if len(now.Found) > 0 && r.Examples > 0 {
		fmt.Fprintln(b, "\nexamples")
		r.lines(b, " ", now.Found)
	}
	if r.Against != nil {
		r.difference(b, now.Found, before)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func title(r Rule) string {
	return fmt.Sprintf("rule %s version %d by %s, %s, pattern %s", r.Name, r.Version, r.Key, r.State, r.Fingerprint())
}

func (r Report) head(b *strings.Builder, now rules.Replayed[clickalerts.Click]) {
	c := r.Clicks
	fmt.Fprintln(b, title(r.Rule))
	if n := len(c.All); n > 0 {
		fmt.Fprintf(b, "clicks: %d from %s to %s, %d of them with one of %d keys\n", n, r.time(millis(c.All[0])), r.time(millis(c.All[n-1])), now.Events, now.Keys)
	} else {
		fmt.Fprintln(b, "clicks: none")
	}
	if c.Skipped > 0 {
		fmt.Fprintf(b, "skipped: %d, seen before or deleted\n", c.Skipped)
	}
	if c.Rejected > 0 {
		fmt.Fprintf(b, "rejected: %d, the first: %v\n", c.Rejected, c.Reason)
	}
	if now.Failed > 0 {
		fmt.Fprintf(b, "failed: %d, the first: %v\n", now.Failed, now.Err)
	}
	fmt.Fprintf(b, "alerts: %d; partial matches open at the end: %d\n", len(now.Found), now.Open)
}

// days is a table of the alerts by day and type.
func (r Report) days(b *strings.Builder, now, before []found) {
	counts, was, types := map[string]map[string]int{}, map[string]int{}, map[string]bool{}
	for _, f := range now {
		day := r.day(f)
		if counts[day] == nil {
			counts[day] = map[string]int{}
		}
		counts[day][f.Alert.Type]++
		types[f.Alert.Type] = true
	}
	for _, f := range before {
		day := r.day(f)
		was[day]++
		if counts[day] == nil {
			counts[day] = map[string]int{}
		}
	}
	if len(counts) > 0 {
		r.table(b, counts, was, slices.Sorted(maps.Keys(types)))
	}
}

func (r Report) day(f found) string { return time.UnixMilli(f.At).In(r.Zone).Format(time.DateOnly) }

func (r Report) table(b *strings.Builder, counts map[string]map[string]int, was map[string]int, types []string) {
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nday")
	for _, t := range types {
		fmt.Fprintf(table, "\t%s", t)
	}
	if r.Against != nil {
		fmt.Fprint(table, "\tof the other rule")
	}
	fmt.Fprintln(table)
	for _, day := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprint(table, day)
		for _, t := range types {
			fmt.Fprintf(table, "\t%d", counts[day][t])
		}
		if r.Against != nil {
			fmt.Fprintf(table, "\t%d", was[day])
		}
		fmt.Fprintln(table)
	}
	table.Flush() // into memory
}

// lines shows the first alerts.
func (r Report) lines(b *strings.Builder, mark string, fs []found) {
	for i, f := range fs {
		if i == r.Examples {
			fmt.Fprintf(b, "%s .. and %d more\n", mark, len(fs)-i)
			return
		}
		fmt.Fprintf(b, "%s %s %s %s, clicks %s: %s\n", mark, r.time(f.At), f.Alert.Type, f.Key, clickalerts.ClickList(f.Match), f.Alert.Message)
	}
}

func (r Report) time(ms int64) string {
	return time.UnixMilli(ms).In(r.Zone).Format("2006-01-02T15:04:05.000Z07:00")
}

// difference tells which alerts one of the rules gives and the other does not. Alerts are the same if they have the
// type, the kind and the clicks in common.
func (r Report) difference(b *strings.Builder, now, before []found) {
	was := map[string][]found{}
	for _, f := range before {
		was[identity(f)] = append(was[identity(f)], f)
	}
	var added, removed []found
	both, others := 0, 0
	for _, f := range now {
		id := identity(f)
		if len(was[id]) == 0 {
			added = append(added, f)
			continue
		}
		both++
		if was[id][0].Alert.Message != f.Alert.Message || was[id][0].At != f.At {
			others++
		}
		was[id] = was[id][1:]
	}
	for _, f := range before {
		if id := identity(f); len(was[id]) > 0 {
			removed, was[id] = append(removed, was[id][0]), was[id][1:]
		}
	}
	fmt.Fprintf(b, "\nagainst %s\n%d alerts in both, %d of them with another message or time; %d added, %d removed\n", title(*r.Against), both, others, len(added), len(removed))
	r.lines(b, "+", added)
	r.lines(b, "-", removed)
}

func identity(f found) string {
	id := fmt.Sprintf("%t %s %s", f.Timeout, f.Alert.Type, f.Key)
	for _, t := range f.Match.Taken() {
		id += fmt.Sprint(" ", t.Event.Value.ID)
	}
	return id
}
