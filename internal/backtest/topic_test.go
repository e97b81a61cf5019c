package backtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/internal/backtest"
	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

func TestARuleIsPutAndRemovedInATopicThatIsMadeForIt(t *testing.T) {
	l := backtest.Live{Conn: client.Connection{Brokers: brokers.Embedded(t).Brokers()}, Topic: "rules"}
	dir := t.TempDir()
	put := func(texts ...string) error {
		file := filepath.Join(dir, "rule.json")
		document := strings.NewReplacer(texts...).Replace(string(clickalerts.Documents()["churn-risk"]))
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := l.Put(t.Context(), file)
		return err
	}
	for _, step := range []struct {
		do   func() error
		says string // the error; "": none
		then string // the version that the topic has; "": none
	}{
		{func() error { return put() }, "", "1"},
		{func() error { return put(`"version": 1`, `"version": 3`) }, "", "3"},
		{func() error { return put(`"version": 1`, `"version": 2`) }, "version 2 of rule churn-risk: the topic has version 3 already", "3"},
		{func() error { return put(`"version": 1`, `"version": 3`, "604800000", "1000") }, "count the version up", "3"},
		{func() error { return put(`"version": 1`, `"version": 3, "state": "paused"`) }, "", "3"},
		{func() error { return put(`"begin"`, `"start"`) }, `stage "first_view": contiguity "start"`, "3"},
		{func() error { return l.Remove(t.Context(), "churn-risk") }, "", ""},
		{func() error { return l.Remove(t.Context(), "churn-risk") }, "", ""}, // the program's own
		{func() error { return l.Remove(t.Context(), "no-rule") }, `topic rules has no rule "no-rule"`, ""},
		{func() error { return put() }, "", "1"},
	} {
		err := step.do()
		if (err == nil) != (step.says == "") || err != nil && !strings.Contains(err.Error(), step.says) {
			t.Errorf("error %v, want %q", err, step.says)
		}
		r, err := l.Rule(t.Context(), "churn-risk")
		if got := strings.TrimPrefix(string(rune('0'+r.Version)), "0"); got != step.then || (err == nil) != (got != "") {
			t.Errorf("version %q, %v, want %q", got, err, step.then)
		}
	}
}
