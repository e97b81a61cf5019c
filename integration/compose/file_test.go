package compose_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/topologies"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryInputIsCreatedOrCaptured(t *testing.T) {
	file := read(t, "../../docker-compose.yml")
	_, list, _ := strings.Cut(file, "TOPICS: >-\n")
	list, _, found := strings.Cut(list, "command:")
	if !found {
		t.Fatal("docker-compose.yml has no TOPICS with a command behind it")
	}
	there := strings.Fields(list)
	for _, m := range regexp.MustCompile(`mysqlcdc, --capture, (\w+)`).FindAllStringSubmatch(file, -1) {
		c, known := cdc.BuiltIn(m[1])
		if !known {
			t.Errorf("there is no capture %s", m[1])
		}
		there = append(there, c.Topic)
	}
	var needed []string
	for _, e := range topologies.All() {
		topology, err := e.New(topologies.Settings{Retain: e.Retain})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range topology.Plan().Topics {
			if x.Kind == task.External {
				needed = append(needed, x.Name)
			}
		}
	}
	slices.Sort(there)
	slices.Sort(needed)
	if !slices.Equal(there, slices.Compact(needed)) {
		t.Errorf("topics are made\n%v\nthe topologies read\n%v", there, needed)
	}
}

// Programs that are no service.
var byHand = []string{"tributary", "ready"}

func TestEveryProgramIsAService(t *testing.T) {
	file := read(t, "../../docker-compose.yml")
	folders, err := os.ReadDir("../../cmd")
	if err != nil || len(folders) < 8 {
		t.Fatalf("cmd has %d folders: %v", len(folders), err)
	}
	for _, f := range folders {
		if name := f.Name(); !slices.Contains(byHand, name) && !regexp.MustCompile(`command: \[`+name+`[],]`).MatchString(file) {
			t.Errorf("docker-compose.yml does not run %s", name)
		}
	}
}

func TestEveryResultAndEverythingCapturedHasItsTable(t *testing.T) {
	statements := read(t, "mysql/1-tables.sql")
	for _, p := range topologies.Tables() {
		var columns []string
		for _, c := range p.Columns {
			columns = append(columns, c.Name)
		}
		mustHaveColumns(t, statements, p.Table, columns)
	}
	for _, name := range []string{"clickstream", "raw_info"} {
		c, _ := cdc.BuiltIn(name)
		var columns []string
		for _, x := range slices.Concat(c.Key, c.Columns) {
			columns = append(columns, x.Column)
		}
		mustHaveColumns(t, statements, c.Table, columns)
	}
}

func mustHaveColumns(t *testing.T, statements, table string, columns []string) {
	t.Helper()
	_, body, found := strings.Cut(statements, "CREATE TABLE "+table+" (\n")
	body, _, closed := strings.Cut(body, "\n)")
	if !found || !closed {
		t.Errorf("table %s is not created", table)
		return
	}
	for _, c := range columns {
		if !strings.Contains(body, "  "+c+" ") {
			t.Errorf("table %s has no column %s", table, c)
		}
	}
}
