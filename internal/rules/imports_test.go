package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// layer says which of our packages the packages that match a pattern may import.
type layer struct {
	pkg  string
	uses []string
}

// layers point one way:
//
//	codecs <- tables <- stream <- topologies <- cmd
//
// Of several that match a package the first counts. A package that none matches is a mistake too: whoever
// adds one decides here where it stands.
var layers = []layer{
	// Description: no clock, no goroutine, no I/O (see purity_test.go).
	{"codecs", nil},
	{"tables", []string{"codecs"}},
	{"stream", []string{"codecs", "tables", "internal/task"}},
	{"cep/...", []string{"codecs", "tables", "stream", "cep/...", "internal/task"}},
	{"topologies", []string{"stream", "tables", "topologies/*"}},
	{"topologies/*", []string{"codecs", "tables", "stream", "cep", "cep/rules"}},

	// What runs a description: the task, which knows no Kafka, and the two that drive it.
	{"internal/task", nil},
	{"stream/streamtest", []string{"codecs", "tables", "stream", "internal/task"}},
	{"internal/engine", []string{"internal/engine/balance", "internal/engine/bulk", "internal/engine/client", "internal/engine/txn", "internal/engine/view", "internal/task"}},
	{"internal/engine/view", []string{"internal/engine/client", "internal/lookup", "internal/task"}},
	{"internal/engine/client", nil},
	{"internal/engine/bulk", nil},
	{"internal/engine/txn", nil},
	{"internal/engine/balance", nil},

	// What stands beside the engine and knows nothing of it.
	{"internal/lookup", nil},
	{"internal/lookup/lookuptest", []string{"internal/lookup"}},
	{"internal/service", nil},
	{"internal/embedded", nil},

	// Results to tables of SQL.
	{"internal/sqlsink", []string{"codecs", "tables", "internal/engine/client"}},

	// A table of MySQL to a topic.
	{"internal/cdc", nil},
	{"internal/cdc/source", []string{"internal/cdc"}},
	{"internal/cdc/topic", []string{"internal/cdc", "internal/engine/client", "internal/engine/txn"}},
	{"internal/cdc/copier", []string{"internal/cdc", "internal/cdc/source", "internal/cdc/topic"}},

	// Rules tried out on what a topic holds.
	{"internal/backtest", []string{"cep/nfa", "cep/rules", "topologies/clickalerts", "internal/engine/client"}},

	// Wiring.
	{"internal/config", []string{"internal/engine", "internal/engine/client"}},
	{"internal/processor", []string{"stream", "internal/config", "internal/engine", "internal/service", "internal/task"}},
	{"internal/demo", []string{"stream", "topologies", "topologies/*", "internal/embedded", "internal/engine", "internal/engine/client", "internal/engine/view", "internal/lookup", "internal/service"}},
	{"cmd/*", []string{"stream", "topologies", "topologies/*", "internal/backtest", "internal/cdc/...", "internal/config", "internal/demo", "internal/engine/view", "internal/lookup", "internal/processor", "internal/service", "internal/sqlsink"}},

	// Tests and measurements look at everything.
	{"integration/...", []string{"codecs", "tables", "stream/...", "cep/...", "topologies/...", "integration/...", "internal/..."}},
	{"bench/...", []string{"codecs", "tables", "stream/...", "cep/...", "topologies/...", "integration/...", "bench/...", "internal/..."}},
	{"internal/rules", nil},
}

// libraries says who may import a module of others. One that is not named here is free.
var libraries = []struct {
	module string
	users  []string
}{
	{"github.com/lovoo/goka", []string{"internal/engine/...", "integration/...", "bench/..."}},
	{"github.com/IBM/sarama", []string{"internal/engine/...", "internal/cdc/topic", "internal/demo", "internal/sqlsink", "integration/...", "bench/..."}}, // the demo's producer
	{"github.com/syndtr/goleveldb", []string{"internal/engine/...", "integration/...", "bench/..."}},
	{"github.com/twmb/franz-go/pkg/kfake", []string{"internal/embedded"}},
	{"github.com/twmb/franz-go", []string{"internal/embedded", "integration/...", "bench/..."}}, // tests check with another client than ours
	{"github.com/alecthomas/kong", []string{"internal/config", "internal/processor", "cmd/*", "integration/kills/program", "bench/..."}},
	{"github.com/prometheus/client_golang", []string{"internal/cdc", "internal/engine", "internal/lookup", "internal/service", "internal/sqlsink", "integration/...", "bench/..."}},
	{"github.com/go-mysql-org/go-mysql", []string{"internal/cdc", "internal/cdc/source"}},
	{"github.com/go-sql-driver/mysql", []string{"internal/cdc/...", "internal/sqlsink", "integration/...", "bench/..."}},
	{"github.com/jackc/pgx", []string{"internal/sqlsink", "integration/...", "bench/..."}},
	{"github.com/testcontainers/testcontainers-go", []string{"integration/containers"}},
	{"github.com/moby/moby", []string{"integration/containers"}},
	{"modernc.org/sqlite", []string{"internal/sqlsink", "integration/...", "bench/..."}},
	{"github.com/expr-lang/expr", []string{"cep/rules"}},
	{"github.com/fxamacker/cbor", []string{"codecs"}},
	{"github.com/go-json-experiment/json", []string{"codecs"}},
}

func TestPackagesImportOnlyWhatLiesBelowThem(t *testing.T) {
	for _, p := range packages(t) {
		for _, mistake := range strayImports(p) {
			t.Error(mistake)
		}
	}
}

func TestEachLibraryHasItsPlace(t *testing.T) {
	for _, p := range packages(t) {
		for _, mistake := range strayLibraries(p) {
			t.Error(mistake)
		}
	}
}

func TestImportRulesSeeWhatTheyForbid(t *testing.T) {
	cases := []struct {
		pkg, imports string
		ours         bool // the import is of this module
	}{
		{"codecs", "tables", true},
		{"tables", "stream", true},
		{"stream", "internal/engine", true},
		{"topologies/channelgmv", "internal/task", true},
		{"topologies/channelgmv", "topologies/coupon", true},
		{"internal/engine", "internal/lookup", true},
		{"cmd/lookup", "internal/engine", true},
		{"nobody/knows", "codecs", true},
		{"stream", "github.com/lovoo/goka", false},
		{"internal/lookup", "github.com/lovoo/goka/storage", false},
		{"cmd/channelgmv", "github.com/IBM/sarama", false},
		{"internal/config", "github.com/syndtr/goleveldb/leveldb", false},
		{"internal/demo", "github.com/twmb/franz-go/pkg/kfake", false},
		{"internal/engine/txn", "github.com/twmb/franz-go/pkg/kgo", false},
	}
	for _, c := range cases {
		path := c.imports
		if c.ours {
			path = module + path
		}
		p := pkg{ImportPath: module + c.pkg, Imports: []string{"fmt", path}}
		if len(strayImports(p))+len(strayLibraries(p)) == 0 {
			t.Errorf("package %s may import %s: the rules don't see it", c.pkg, c.imports)
		}
	}
}

// strayImports lists what p imports of ours and may not.
func strayImports(p pkg) (mistakes []string) {
	i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.pkg, p.name()) })
	if i < 0 {
		return []string{fmt.Sprintf("package %s is in no layer: add it to layers, with what it may import", p.name())}
	}
	for _, path := range p.Imports {
		other, ours := strings.CutPrefix(path, module)
		if ours && !matchesAny(layers[i].uses, other) {
			mistakes = append(mistakes, fmt.Sprintf("package %s imports %s; it may import %v", p.name(), other, layers[i].uses))
		}
	}
	return mistakes
}

// strayLibraries lists the modules of others that p imports outside their places.
func strayLibraries(p pkg) (mistakes []string) {
	for _, path := range p.Imports {
		for _, l := range libraries {
			if !matches(l.module+"/...", path) {
				continue
			}
			if !matchesAny(l.users, p.name()) {
				mistakes = append(mistakes, fmt.Sprintf("package %s imports %s; %s is for %v", p.name(), path, l.module, l.users))
			}
			break // the most special line comes first
		}
	}
	return mistakes
}
