package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Answer is what a case must come to.
type Answer struct {
	rows    map[string]Row
	scale   map[string]float64
	refused [][]byte // values of the inputs that must be dead letters
	reasons []string // instead of refused: what the reasons of the dead letters contain

	dimension map[string]Row // the dimension at the end; nil: there is none
}

// Answer is Flink's answer to a case. Where its job failed, the records at which it did are dead letters,
// and the rest is recomputed without them.
func (u UseCase) Answer(c Case) (Answer, error) {
	rows := c.Expected
	a := Answer{scale: u.scale(c.Inputs)}
	if c.Error != "" {
		var places []int
		var err error
		if rows, places, err = u.Recompute(c); err != nil {
			return a, err
		}
		for _, i := range places {
			a.refused = append(a.refused, c.Inputs[i].Value)
		}
	}
	var err error
	if a.rows, err = u.table(normalised(u, rows)); err != nil {
		return a, err
	}
	a.dimension, err = u.dimensionRows(c.DimensionAfter)
	return a, err
}

func normalised(u UseCase, rows []Row) []Row {
	if u.Normalise == nil {
		return rows
	}
	var out []Row
	for _, row := range rows {
		row = maps.Clone(row)
		u.Normalise(row)
		out = append(out, row)
	}
	return out
}

// Differences says what in an output is not as the answer has it; nothing if all is.
func (a Answer) Differences(u UseCase, c Case, out Output) []string {
	got, diffs := u.written(out)
	for _, k := range slices.Sorted(maps.Keys(a.rows)) {
		if got[k] == nil {
			diffs = append(diffs, fmt.Sprintf("row %s is missing: want %v", k, text(a.rows[k])))
			continue
		}
		diffs = append(diffs, a.compare(k, got[k])...)
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if a.rows[k] == nil {
			diffs = append(diffs, fmt.Sprintf("row %s should not be there: %s", k, text(got[k])))
		}
	}
	diffs = append(diffs, a.compareDimension(out.State[u.DimensionTable])...)
	return append(diffs, a.deadLetters(c, out.DeadLetters)...)
}

// written reads the result table, and checks that its keys are those of its rows.
func (u UseCase) written(out Output) (got map[string]Row, diffs []string) {
	got = map[string]Row{}
	for k, b := range out.Tables[u.Result] {
		row, err := readRow(b)
		if err != nil {
			diffs = append(diffs, fmt.Sprintf("row %s: %v", k, err))
			continue
		}
		if own, err := u.key(row); err != nil || own != k {
			diffs = append(diffs, fmt.Sprintf("row %s has the key %s, %v", text(row), k, err))
		}
		if at, err := time.Parse("2006-01-02T15:04:05.000Z07:00", fmt.Sprint(row["updated_at"])); err != nil || at.IsZero() {
			diffs = append(diffs, fmt.Sprintf("row %s: updated_at is no time in RFC 3339 with milliseconds: %v", k, row["updated_at"]))
		}
		for _, column := range ours {
			delete(row, column)
		}
		got[k] = row
	}
	return got, diffs
}

func (a Answer) compare(key string, got Row) (diffs []string) {
	want := a.rows[key]
	columns := maps.Clone(want)
	maps.Copy(columns, got)
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		_, in := got[column]
		_, should := want[column]
		if in != should || !a.equal(column, got[column], want[column]) {
			diffs = append(diffs, fmt.Sprintf("row %s: %s is %v, want %v", key, column, got[column], want[column]))
		}
	}
	return diffs
}

// precision is by how much of the largest intermediate sum Flink's doubles may be off: thousands of
// additions at 2^-53 each. Ours are exact.
const precision = 1e-12

func (a Answer) equal(column string, got, want any) bool {
	scale, sum := a.scale[column]
	x, number := got.(json.Number)
	y, both := want.(json.Number)
	if !sum || !number || !both {
		return got == want
	}
	f, err := x.Float64()
	g, err2 := y.Float64()
	return cmp.Or(err, err2) == nil && math.Abs(f-g) <= precision*scale
}

func (a Answer) deadLetters(c Case, got []DeadLetter) (diffs []string) {
	rest := slices.Clone(got)
	take := func(is func(DeadLetter) bool, what string) {
		i := slices.IndexFunc(rest, is)
		if i < 0 {
			diffs = append(diffs, "there is no dead letter "+what)
			return
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, value := range a.refused {
		take(func(d DeadLetter) bool { return bytes.Equal(d.Value, value) }, "with the value "+string(value))
	}
	for _, reason := range a.reasons {
		take(func(d DeadLetter) bool { return strings.Contains(d.Reason, reason) }, "for the reason: "+reason)
	}
	for _, d := range rest {
		diffs = append(diffs, fmt.Sprintf("dead letter that should be none: %s: %s", d.Value, d.Reason))
	}
	for _, d := range got {
		if !slices.ContainsFunc(c.Inputs, func(in Input) bool { return in.Topic == d.Topic && bytes.Equal(in.Value, d.Value) }) {
			diffs = append(diffs, fmt.Sprintf("dead letter of topic %s is no input: %s: %s", d.Topic, d.Value, d.Reason))
		}
	}
	return diffs
}

func text(row Row) string {
	b, err := json.Marshal(row)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
