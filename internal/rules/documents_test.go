package rules

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// text is a file of the repository that people can read.
type text struct {
	path    string // from the root, with slashes
	content string
}

// texts are the readable files, without what tools make and keep out of the repository.
func texts(t *testing.T) []text {
	t.Helper()
	dir := root(t)
	var all []text
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); file != dir && (name == "bin" || name == "target" || strings.HasPrefix(name, ".") && name != ".ci") {
				return filepath.SkipDir
			}
			return nil
		}
		b, err := os.ReadFile(file)
		if err != nil || !utf8.Valid(b) || slices.Contains(b, 0) {
			return err
		}
		name, err := filepath.Rel(dir, file)
		all = append(all, text{filepath.ToSlash(name), string(b)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func documents(t *testing.T) []text {
	t.Helper()
	return slices.DeleteFunc(texts(t), func(x text) bool { return path.Ext(x.path) != ".md" })
}

func document(t *testing.T, name string) text {
	t.Helper()
	for _, d := range documents(t) {
		if d.path == name {
			return d
		}
	}
	t.Fatalf("%s is missing", name)
	return text{}
}

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
)

func TestLinksLeadToFilesAndHeadingsThatExist(t *testing.T) {
	checked := 0
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(d.content, ""), -1) {
			target := m[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			checked++
			file, heading, _ := strings.Cut(target, "#")
			to := path.Join(path.Dir(d.path), file)
			if file == "" {
				to = d.path
			}
			if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s links to %s, which does not exist", d.path, target)
				continue
			}
			if heading != "" && !slices.Contains(headings(document(t, to)), heading) {
				t.Errorf("%s links to %s: the file has no such heading", d.path, target)
			}
		}
	}
	if checked == 0 {
		t.Error("no document has a link: is this the repository?")
	}
}

// headings are the names by which a document's headings are linked to.
func headings(d text) (names []string) {
	for line := range strings.Lines(d.content) {
		title := strings.TrimLeft(line, "#")
		if title == line {
			continue
		}
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title)))
	}
	return names
}

var quoted = regexp.MustCompile("`([^`]+)`")

// TestTheFileMapNamesWhatExists: in the table of docs/design.md the first cell of a row names folders and
// files from the root, and what the others quote is below the first of them if it looks like a file.
func TestTheFileMapNamesWhatExists(t *testing.T) {
	checked := 0
	for _, row := range fileMap(t) {
		cells := strings.Split(strings.Trim(row, "| \n"), "|")
		first := ""
		for _, m := range quoted.FindAllStringSubmatch(cells[0], -1) {
			if first == "" {
				first = m[1]
			}
			checked += mustExist(t, m[1])
		}
		for _, m := range quoted.FindAllStringSubmatch(strings.Join(cells[1:], " "), -1) {
			if slices.Contains([]string{".go", ".sh", ".json", ".html", ".xml", ".gz"}, path.Ext(m[1])) {
				checked += mustExist(t, path.Join(first, m[1]))
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d names were found in the file map", checked)
	}
}

func fileMap(t *testing.T) (rows []string) {
	t.Helper()
	_, section, ok := strings.Cut(document(t, "docs/design.md").content, "\n## File map\n")
	if !ok {
		t.Fatal("docs/design.md has no section \"File map\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, line)
		}
	}
	return rows
}

func mustExist(t *testing.T, name string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root(t), filepath.FromSlash(name)))
	if err != nil || len(found) == 0 {
		t.Errorf("the file map names %s, which does not exist", name)
	}
	return 1
}

var target = regexp.MustCompile("`make ([a-z-]+)[^`]*`")

func TestMakeTargetsThatDocumentsNameExist(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents(t) {
		for _, m := range target.FindAllStringSubmatch(d.content, -1) {
			if !strings.Contains("\n"+string(b), "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", d.path, m[1])
			}
		}
	}
}

// machine is a path that only makes sense on the machine of whoever wrote it. It is put together of parts,
// so that it does not find itself.
var machine = regexp.MustCompile(`(^|[^\w./:-])/(` + strings.Join([]string{"wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"}, "|") + `)/\w|\.\./sha` + `red\b`)

func TestNoFileNamesAPathOfOneMachine(t *testing.T) {
	for _, x := range texts(t) {
		for i, line := range strings.Split(x.content, "\n") {
			if machine.MatchString(line) {
				t.Errorf("%s:%d names a path of one machine: %.120s", x.path, i+1, strings.TrimSpace(line))
			}
		}
	}
	if !machine.MatchString("cd /" + "home/me/src") {
		t.Error("the rule does not see what it forbids")
	}
}
