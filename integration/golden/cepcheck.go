package golden

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// CheckCEP runs a case and reports what Flink found otherwise. All is compared to the letter: matches and
// time-outs of a key with their times and in their order, which watermark they came with, and late events.
// Only the order between keys is not, for Flink has none.
func CheckCEP(t TB, c *CEPCase) {
	t.Helper()
	out, err := runCEP(c)
	for _, diff := range c.differences(out, err) {
		t.Errorf("%s", diff)
	}
}

func (c *CEPCase) differences(out CEPOutput, malformed error) (diffs []string) {
	switch invalid := strings.HasPrefix(c.Error, "invalid: "); {
	case invalid && malformed == nil:
		return []string{"the pattern was compiled; Flink says " + c.Error}
	case invalid:
		return nil
	case malformed != nil:
		return []string{malformed.Error()}
	}
	if fails := c.Error != ""; fails != (out.Err != nil) {
		return []string{fmt.Sprintf("failed with %v; Flink: %q", out.Err, c.Error)}
	}
	if c.Error != "" {
		return nil // the case has nothing else to compare
	}
	if !slices.Equal(out.Late, c.Late) {
		diffs = append(diffs, fmt.Sprintf("late are %v, want %v", out.Late, c.Late))
	}
	got, want := out.lines(), c.lines()
	for _, key := range keysOf(got, want) {
		if !slices.Equal(got[key], want[key]) {
			diffs = append(diffs, fmt.Sprintf("key %s: found\n%s\nwant\n%s", key, strings.Join(got[key], "\n"), strings.Join(want[key], "\n")))
		}
	}
	return diffs
}

// lines are what was found for each key, one a line.
func (o CEPOutput) lines() map[string][]string {
	m := map[string][]string{}
	for i, f := range o.Found {
		m[f.Key] = append(m[f.Key], f.line(o.Outs[i]))
	}
	return m
}

// lines are what Flink found for each key, one a line.
func (c *CEPCase) lines() map[string][]string {
	all := make([]CEPFound, len(c.Matches)+len(c.Timeouts))
	outs := make([]bool, len(all))
	for _, f := range c.Matches {
		all[f.Seq] = f
	}
	for _, f := range c.Timeouts {
		all[f.Seq], outs[f.Seq] = f, true
	}
	return CEPOutput{Found: all, Outs: outs}.lines()
}

func (f CEPFound) line(timeout bool) string {
	what := "match"
	if timeout {
		what = "time-out"
	}
	events, err := json.Marshal(f.Events)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s at %d, watermark %d: %s", what, f.Ts, f.WmIndex, events)
}

func keysOf(ms ...map[string][]string) (keys []string) {
	for _, m := range ms {
		for k := range m {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	return keys
}
