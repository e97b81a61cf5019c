package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownRules = "../../topologies/clickalerts/rules/"

func TestCheckSaysWhetherThereIsAMistake(t *testing.T) {
	if err := (&checkCommand{File: []string{ownRules + "churn-risk.json", ownRules + "cross-sell.json"}}).Run(); err != nil {
		t.Errorf("%v", err)
	}
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"name": "bad", "key": "userId", "pattern": {"stages": []}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&checkCommand{File: []string{ownRules + "churn-risk.json", bad}}).Run()
	if err == nil || !strings.Contains(err.Error(), bad+": not a pattern: version 0") || !strings.Contains(err.Error(), "has no steps") {
		t.Errorf("%v", err)
	}
}

func TestBacktestComparesWithTheRuleThatIsNamed(t *testing.T) {
	own := ownRules + "churn-risk.json"
	clicks := filepath.Join(t.TempDir(), "clicks.jsonl")
	if err := os.WriteFile(clicks, []byte(`{"key_id":1,"value_eventTime":0,"value_userId":"u"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for against, says := range map[string]string{"": "", "builtin": "", ownRules + "cross-sell.json": "", clicks: `--against: ` + clicks + `: not a pattern: json: unknown field "key_id"`} {
		err := (&backtestCommand{File: own, Clicks: clicks, Against: against, Zone: "UTC"}).Run()
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("against %q: %v", against, err)
		}
	}
	if err := (&backtestCommand{File: own, Clicks: clicks, Zone: "Mars"}).Run(); err == nil || !strings.Contains(err.Error(), `--zone "Mars"`) {
		t.Errorf("%v", err)
	}
}
