package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	helpFlag  = regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([a-z-]+)`)
	command   = regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)*)  `)
	helpValue = regexp.MustCompile(`--([a-z-]+)="?([0-9a-z][^"\s]*)`)
	docValue  = regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| ([0-9][^ |]*|[a-z]+) \\|")
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
	binaries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var real []string
	for _, b := range binaries {
		for _, text := range helps(t, filepath.Join(dir, b.Name())) {
			real = append(real, firsts(helpFlag, text)...)
		}
	}
	mustBeSame(t, "flag --", sorted(real, "help"), sorted(firsts(docFlag, document(t, "docs/operations.md").content), "help", "describe"))
}

// TestOperationsNamesTheDefaultsOfProcessors: a table says of a flag what the help says. Words that stand for
// no default, such as none, are not compared.
func TestOperationsNamesTheDefaultsOfProcessors(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a binary")
	}
	defaults := map[string]string{}
	for _, m := range helpValue.FindAllStringSubmatch(run(t, root(t), "go", "run", "./cmd/channelgmv", "--help"), -1) {
		defaults[m[1]] = m[2]
	}
	compared := 0
	for _, m := range docValue.FindAllStringSubmatch(document(t, "docs/operations.md").content, -1) {
		want, has := defaults[m[1]]
		if !has {
			continue
		}
		compared++
		if m[2] != want {
			t.Errorf("docs/operations.md gives --%s the default %s, it is %s", m[1], m[2], want)
		}
	}
	if compared < 8 {
		t.Errorf("only %d defaults were compared", compared)
	}
}

// helps are the texts with which a program and its commands, if it has any, explain themselves.
func helps(t *testing.T, binary string) []string {
	t.Helper()
	all := []string{run(t, ".", binary, "--help")}
	_, commands, _ := strings.Cut(all[0], "\nCommands:\n")
	for _, name := range firsts(command, commands) {
		all = append(all, run(t, ".", binary, append(strings.Fields(name), "--help")...))
	}
	return all
}

func TestEveryProgramIsInReadmeAndOperations(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join(root(t), "cmd"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("cmd has %d folders: %v", len(folders), err)
	}
	for _, name := range []string{"README.md", "docs/operations.md"} {
		content := document(t, name).content
		for _, f := range folders {
			if !regexp.MustCompile("[`/ ]" + f.Name() + "[` ]").MatchString(content) {
				t.Errorf("%s does not name the program %s", name, f.Name())
			}
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
