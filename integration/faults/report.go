package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// reportPath is that of the report in the module.
const reportPath = "docs/reliability.md"

// writing keeps runs of the same process from overwriting each other.
var writing sync.Mutex

// Reporting reports whether results are to be written to the report: TRIBUTARY_RELIABILITY=write.
func Reporting() bool { return os.Getenv("TRIBUTARY_RELIABILITY") == "write" }

// Kind names the Kafka of this run in the report: embedded, local, local3, containers or containers3.
func Kind() string {
	if k := os.Getenv("TRIBUTARY_KAFKA"); k != "" {
		return k
	}
	return "embedded"
}

// Record puts a result into its cell of the report's matrix, and leaves the others. The list of faults is renewed too.
func Record(r Result) error {
	if err := edit("faults", func(string) string { return describeFaults() }); err != nil {
		return err
	}
	var faults, useCases []string
	for _, f := range All() {
		faults = append(faults, f.Name)
	}
	for _, c := range Cases() {
		useCases = append(useCases, c.Name)
	}
	return edit("matrix "+Kind(), func(old string) string {
		m := parseMatrix(old)
		m.set(r.Fault, r.Case, r.cell())
		return m.markdown(faults, useCases)
	})
}

// describeFaults is the report's list.
func describeFaults() string {
	var b strings.Builder
	b.WriteString("| fault | what happens | needs |\n|---|---|---|\n")
	for _, f := range All() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Name, f.About, f.Needs)
	}
	return b.String()
}

// RecordText replaces a part of the report.
func RecordText(part, text string) error {
	return edit(part+" "+Kind(), func(string) string { return text })
}

// edit changes the part of the report between the lines <!-- NAME --> and <!-- end -->.
func edit(name string, f func(old string) string) error {
	writing.Lock()
	defer writing.Unlock()
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	path := filepath.Join(root, reportPath)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := replacePart(string(text), name, f)
	if err != nil {
		return fmt.Errorf("%s: %w", reportPath, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

func replacePart(text, name string, f func(old string) string) (string, error) {
	head, rest, found := strings.Cut(text, "<!-- "+name+" -->\n")
	old, after, ends := strings.Cut(rest, "<!-- end -->")
	if !found || !ends {
		return "", fmt.Errorf("there is no part between the lines <!-- %s --> and <!-- end -->", name)
	}
	return head + "<!-- " + name + " -->\n" + strings.TrimRight(f(old), "\n") + "\n<!-- end -->" + after, nil
}

// moduleRoot goes up from the working folder to go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = filepath.Dir(dir)
	}
}
