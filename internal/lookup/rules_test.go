package lookup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/lookup/lookuptest"
)

// ruled is a table whose rules come as data.
type ruled struct {
	*lookuptest.Table
	rules []lookup.RuleVersion
	live  bool
	err   error
}

func (x ruled) Rules(int32) ([]lookup.RuleVersion, bool, error) { return x.rules, x.live, x.err }

func TestTheVersionsOfARuleThatCameAsDataAreNamed(t *testing.T) {
	two, three := 2, 3
	table := ruled{Table: patterned("runs", "cart"), live: true, rules: []lookup.RuleVersion{
		{Rule: "cart", State: "active", Until: ms(1000)},
		{Rule: "cart", Version: &two, State: "active", From: ms(1000), Until: ms(5000), Matches: 7},
		{Rule: "wish", Version: &three, State: "shadow", From: ms(9), Timeouts: 1},
	}}
	table.Put("k", `{"open":[{"name":"wish","version":3,"known":true,"runs":[{"next":["b"],"began":1,"latest":1,"times_out":null}]},
		{"name":"wish","version":1,"known":false,"runs":[]}]}`)
	h := handler(t, lookup.Config{Tables: []lookup.Table{patterned("other", "other"), table}})
	for target, want := range map[string]string{
		"cart/nobody": `"versions":[{"version":null,"state":"active","from":null,"until":1000,"matches":0,"timeouts":0},{"version":2,"state":"active","from":1000,"until":5000,"matches":7,"timeouts":0}]`,
		"wish/k":      `"versions":[{"version":3,"state":"shadow","from":9,"until":null,"matches":0,"timeouts":1}]`,
	} {
		if w := get(h, "/v1/cep/"+target); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s\nwant %s", target, w.Code, w.Body, want)
		}
	}
	if got := decode[explained](t, get(h, "/v1/cep/wish/k?table=runs")); len(got.Open) != 1 || got.Table != "runs" {
		t.Errorf("a rule that only came as data: %+v", got)
	}
	wantFailure(t, get(h, "/v1/cep/none/k"), 404, "unknown_pattern", `"none"`)
	wantFailure(t, get(h, "/v1/cep/wish/k?table=other"), 404, "unknown_pattern", `"wish"`)
	if w := get(h, "/v1/cep/other/k"); strings.Contains(w.Body.String(), "versions") {
		t.Errorf("rules of the program have versions: %s", w.Body)
	}
	table.err = errors.New("damaged rules")
	h = handler(t, lookup.Config{Tables: []lookup.Table{table}})
	wantFailure(t, get(h, "/v1/cep/cart/k"), 500, "read_failed", "table runs")
	wantFailure(t, get(h, "/v1/cep/wish/k"), 500, "read_failed", "table runs")
}
