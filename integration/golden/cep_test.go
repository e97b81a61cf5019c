package golden

import (
	"encoding/json"
	"strings"
	"testing"
)

const letters = `{"name": "a_b", "boundMs": 0,
	"pattern": {"stages": [{"name": "a", "contiguity": "begin", "where": {"type": "a"}}, {"name": "b", "contiguity": "followedBy", "where": {"type": "b"}}], "within": {"ms": 1000}},
	"events": [{"id": "e1", "type": "a", "ts": 1000}, {"id": "e2", "type": "b", "ts": 1500}, {"id": "e3", "type": "b", "ts": 1400}, {"id": "e4", "type": "a", "ts": 2000}],
	"matches": [{"key": "k", "ts": 1500, "events": {"a": ["e1"], "b": ["e2"]}, "wmIndex": 1, "seq": 0}],
	"timeouts": [{"key": "k", "ts": 3000, "events": {"a": ["e4"]}, "wmIndex": 3, "seq": 1}],
	"late": ["e3"]}`

func TestTheRunnerSeesWhatIsOtherwise(t *testing.T) {
	for change, says := range map[string]string{
		`"late": ["e3"]|"late": []`:                                                   "late are [e3]",
		`"ts": 3000, "events"|"ts": 3001, "events"`:                                   "key k: found",
		`"b": ["e2"]|"b": ["e3"]`:                                                     "key k: found",
		`"wmIndex": 1|"wmIndex": 2`:                                                   "key k: found",
		`"boundMs": 0|"boundMs": 0, "error": "invalid: nothing"`:                      "the pattern was compiled",
		`"boundMs": 0|"boundMs": 0, "error": "runtime: nothing"`:                      "failed with <nil>",
		`"contiguity": "followedBy"|"contiguity": "sometime"`:                         `contiguity "sometime"`,
		`{"name": "b", "contiguity"|{"name": "a", "contiguity"`:                       `two steps have the name "a"`,
		`{"id": "e4", "type": "a", "ts": 2000}|{"id": "e4", "type": "c", "ts": 2000}`: "key k: found",
	} {
		from, to, _ := strings.Cut(change, "|")
		if diffs := differencesOf(t, strings.Replace(letters, from, to, 1)); len(diffs) != 1 || !strings.Contains(diffs[0], says) {
			t.Errorf("%s: it says %q", change, diffs)
		}
	}
	if diffs := differencesOf(t, letters); len(diffs) > 0 {
		t.Errorf("unchanged: it says %q", diffs)
	}
}

func differencesOf(t *testing.T, text string) []string {
	t.Helper()
	var c CEPCase
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	out, err := runCEP(&c)
	return c.differences(out, err)
}
