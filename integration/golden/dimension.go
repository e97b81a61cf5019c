package golden

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A dimension is a table from outside that lies in its topic when the topology is started, and that it keeps and
// changes.

// dimension is the records of the topic.
func (u UseCase) dimension(c Case) ([]Input, error) {
	var ins []Input
	for _, b := range c.Dimension {
		row, err := readRow(b)
		if err != nil {
			return nil, err
		}
		ins = append(ins, Input{u.Dimension, fmt.Sprint(row[u.DimensionKey]), b})
	}
	return ins, nil
}

// dimensionRows are rows by key; nil if there are none.
func (u UseCase) dimensionRows(rows []Row) (map[string]Row, error) {
	if rows == nil {
		return nil, nil
	}
	m := map[string]Row{}
	for _, row := range rows {
		k := fmt.Sprint(row[u.DimensionKey])
		if m[k] != nil {
			return nil, fmt.Errorf("two rows of the dimension have the key %q", k)
		}
		m[k] = maps.Clone(row)
		delete(m[k], u.DimensionKey)
	}
	return m, nil
}

// exceptDimension is the dimension with other rows in it.
func (a Answer) exceptDimension(u UseCase, lines []string) (map[string]Row, error) {
	var rows []Row
	for _, line := range lines {
		row, err := readRow([]byte(line))
		if err != nil {
			return nil, fmt.Errorf("dimension of the exception, %s: %w", strings.TrimSpace(line), err)
		}
		rows = append(rows, row)
	}
	changed, err := u.dimensionRows(rows)
	if err != nil || a.dimension == nil {
		return nil, err
	}
	m := maps.Clone(a.dimension)
	maps.Copy(m, changed)
	return m, nil
}

// compareDimension compares the columns that Flink's rows have.
func (a Answer) compareDimension(got map[string][]byte) (diffs []string) {
	if a.dimension == nil {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(a.dimension)) {
		row, err := readRow(got[k])
		if err != nil {
			diffs = append(diffs, fmt.Sprintf("row %s of the dimension: %v", k, err))
			continue
		}
		for column, want := range a.dimension[k] {
			if row[column] != want {
				diffs = append(diffs, fmt.Sprintf("row %s of the dimension: %s is %v, want %v", k, column, row[column], want))
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if a.dimension[k] == nil {
			diffs = append(diffs, fmt.Sprintf("row %s of the dimension should not be there: %s", k, got[k]))
		}
	}
	return diffs
}
