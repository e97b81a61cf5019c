package faults

import (
	"fmt"
	"slices"
	"strings"
)

// matrix is the table of faults and use cases: a text for each cell that was ever played.
type matrix map[string]map[string]string // by fault, then use case

// parseMatrix reads what markdown writes. Lines that are no rows are left out.
func parseMatrix(text string) matrix {
	m := matrix{}
	var columns []string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) < 2 || strings.HasPrefix(cells[0], "---"):
		case columns == nil:
			columns = cells[1:]
		default:
			for i, c := range cells[1:] {
				if c != "" && i < len(columns) {
					m.set(cells[0], columns[i], c)
				}
			}
		}
	}
	return m
}

func (m matrix) set(fault, useCase, text string) {
	if m[fault] == nil {
		m[fault] = map[string]string{}
	}
	m[fault][useCase] = text
}

// markdown has the faults and use cases in their order; rows of faults and columns of use cases that are gone are left
// out, as are those that were never played.
func (m matrix) markdown(faults, useCases []string) string {
	useCases = slices.DeleteFunc(slices.Clone(useCases), func(c string) bool {
		return !slices.ContainsFunc(faults, func(f string) bool { return m[f][c] != "" })
	})
	var b strings.Builder
	fmt.Fprintf(&b, "| fault | %s |\n|---|%s\n", strings.Join(useCases, " | "), strings.Repeat("---|", len(useCases)))
	for _, f := range faults {
		if len(m[f]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "| %s |", f)
		for _, c := range useCases {
			fmt.Fprintf(&b, " %s |", m[f][c])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cell is the text of a result.
func (r Result) cell() string {
	v := r.Verdict
	return fmt.Sprintf("%d, %d, %d; %.1f s (%d)", v.Lost, v.Duplicated, v.Wrong, median(r.Took).Seconds(), len(r.Took))
}
