package rules

import (
	"encoding/json"
	"go/format"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shown is a Go file that a document shows: its path in quotes and a colon, then its text.
var shown = regexp.MustCompile("(?s)\n`([a-z_/]+\\.go)`:\n\n```go\n(.*?)```\n")

// TestTheGuideToATopologyCanBeFollowed lays the files of the guide over the module, where they don't exist,
// and builds and tests them there.
func TestTheGuideToATopologyCanBeFollowed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a binary")
	}
	dir := t.TempDir()
	overlay := filepath.Join(dir, "overlay.json")
	packages, tested := overlayGuide(t, dir, overlay)
	run(t, root(t), "go", append([]string{"build", "-overlay", overlay, "-o", dir + string(filepath.Separator)}, packages...)...)
	for _, p := range tested {
		// Not in one go: go test would run it in the package's folder, which is not there.
		run(t, root(t), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", filepath.Join(dir, "guide.test"), p)
		if out := run(t, dir, filepath.Join(dir, "guide.test"), "-test.v"); !strings.Contains(out, "--- PASS: Example") {
			t.Errorf("the tests of %s have no example:\n%s", p, out)
		}
	}
	if len(tested) == 0 {
		t.Error("the guide shows no tests")
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// overlayGuide writes the guide's files to dir and a file for go's -overlay, and returns their packages and
// those of them that have tests.
func overlayGuide(t *testing.T, dir, overlay string) (packages, tested []string) {
	t.Helper()
	replace := map[string]string{}
	for _, m := range shown.FindAllStringSubmatch(document(t, "docs/add-a-topology.md").content, -1) {
		name, content := m[1], []byte(m[2])
		if formatted, err := format.Source(content); err != nil || string(formatted) != m[2] {
			t.Errorf("the guide's file %s is not as gofmt has it: %v", name, err)
		}
		target := filepath.Join(root(t), filepath.FromSlash(name))
		if _, err := os.Stat(target); err == nil {
			t.Fatalf("the guide's file %s exists: give its example another name", name)
		}
		replace[target] = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(replace[target], content, 0o644); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, "./"+path.Dir(name))
		if strings.HasSuffix(name, "_test.go") {
			tested = append(tested, "./"+path.Dir(name))
		}
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, b, 0o644); err != nil {
		t.Fatal(err)
	}
	slices.Sort(packages)
	return slices.Compact(packages), tested
}
