package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// programs are the binaries, and the commands of those that have some.
var programs = [][]string{{"channelgmv"}, {"lookup"}, {"tributary", "demo"}, {"tributary", "describe"}}

var (
	helpFlag  = regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([a-z-]+)`)
	docFlag   = regexp.MustCompile("`--([a-z-]+)[^`]*`")
	anyMetric = regexp.MustCompile(`"(tributary_[a-z_]+)"`)
	docMetric = regexp.MustCompile("`(tributary_[a-z_]+)`")
)

func TestOperationsNamesTheFlagsThatThereAre(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the binaries")
	}
	dir := t.TempDir()
	run(t, root(t), "go", "build", "-o", dir+string(filepath.Separator), "./cmd/...")
	var real []string
	for _, p := range programs {
		out := run(t, dir, filepath.Join(dir, p[0]), append(p[1:], "--help")...)
		real = append(real, firsts(helpFlag, out)...)
	}
	content := document(t, "docs/operations.md").content
	mustBeSame(t, "flag --", sorted(real, "help"), sorted(firsts(docFlag, content), "help", "describe"))
}

func TestEveryBinaryIsLookedAt(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join(root(t), "cmd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !slices.ContainsFunc(programs, func(p []string) bool { return p[0] == f.Name() }) {
			t.Errorf("cmd/%s is not among the programs whose flags are compared with docs/operations.md", f.Name())
		}
	}
}

func TestOperationsNamesTheMetricsThatThereAre(t *testing.T) {
	var real []string
	for _, x := range texts(t) {
		if strings.HasPrefix(x.path, "internal/") && strings.HasSuffix(x.path, ".go") && !strings.HasSuffix(x.path, "_test.go") {
			real = append(real, firsts(anyMetric, x.content)...)
		}
	}
	mustBeSame(t, "metric ", sorted(real), sorted(firsts(docMetric, document(t, "docs/operations.md").content)))
}

// firsts are the first groups of all matches.
func firsts(r *regexp.Regexp, in string) (found []string) {
	for _, m := range r.FindAllStringSubmatch(in, -1) {
		found = append(found, m[1])
	}
	return found
}

func sorted(names []string, without ...string) []string {
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(without, n) })
	slices.Sort(names)
	return slices.Compact(names)
}

func mustBeSame(t *testing.T, what string, real, written []string) {
	t.Helper()
	if len(real) == 0 {
		t.Errorf("no %s was found", what)
	}
	for _, name := range real {
		if !slices.Contains(written, name) {
			t.Errorf("docs/operations.md does not name the %s%s", what, name)
		}
	}
	for _, name := range written {
		if !slices.Contains(real, name) {
			t.Errorf("docs/operations.md names the %s%s, which there is not", what, name)
		}
	}
}

// excerpt is code that a document quotes: the file it is from in a comment, then the text.
var excerpt = regexp.MustCompile("(?s)<!-- from ([a-z_/.]+) -->\n```go\n(.*?)```")

// TestExcerptsAreFromTheirFiles: the lines of an excerpt stand in its file, in this order.
func TestExcerptsAreFromTheirFiles(t *testing.T) {
	checked := 0
	for _, d := range documents(t) {
		for _, m := range excerpt.FindAllStringSubmatch(d.content, -1) {
			b, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(m[1])))
			if err != nil {
				t.Errorf("%s: %v", d.path, err)
				continue
			}
			rest := string(b)
			for line := range strings.Lines(m[2]) {
				if line = strings.TrimSpace(line); line == "" || line == "// ..." {
					continue
				}
				checked++
				_, after, ok := strings.Cut(rest, line)
				if !ok {
					t.Errorf("%s quotes a line that is not in %s, or not there: %s", d.path, m[1], line)
					continue
				}
				rest = after
			}
		}
	}
	if checked == 0 {
		t.Error("no document quotes code")
	}
}
