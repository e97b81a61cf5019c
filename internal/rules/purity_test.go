package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure are the packages that only describe: the same description does the same on every machine and at
// every hour.
var pure = []string{"codecs", "tables", "stream", "cep/...", "topologies/..."}

// impureImports are packages of the standard library with which a description could reach the outside.
var impureImports = []string{
	"os/...", "io/ioutil", "net/...", "log/...", "syscall", "crypto/rand", "math/rand/...", "runtime/...", "expvar", "flag", "testing/...",
}

// impureTime are the names of package time that read the clock, wait for it, or read the machine's zones.
var impureTime = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation",
}

func TestDescriptionsHaveNoClockNoGoroutineAndNoIO(t *testing.T) {
	for _, p := range packages(t) {
		if !matchesAny(pure, p.name()) {
			continue
		}
		for _, path := range p.Imports {
			if matchesAny(impureImports, path) {
				t.Errorf("package %s imports %s: descriptions have no I/O, no chance and no environment", p.name(), path)
			}
		}
		for _, file := range p.GoFiles {
			for _, mistake := range impurities(t, filepath.Join(p.Dir, file), nil) {
				t.Error(mistake)
			}
		}
	}
}

func TestTheTaskReadsNoClockOfItsOwn(t *testing.T) {
	for _, p := range packages(t) {
		if p.name() != "internal/task" {
			continue
		}
		for _, file := range p.GoFiles {
			for _, mistake := range impurities(t, filepath.Join(p.Dir, file), nil) {
				t.Errorf("%s; a task has Env.Now", mistake)
			}
		}
	}
}

func TestPurityRulesSeeWhatTheyForbid(t *testing.T) {
	const head = "package x\nimport clock \"time\"\n"
	for _, body := range []string{
		"var at = clock.Now()",
		"func f() { go g() }",
		"func f() { go func() {}() }",
		"var zone, _ = clock.LoadLocation(`Asia/Shanghai`)",
		"func f(at clock.Time) bool { return clock.Since(at) > 0 }",
	} {
		if len(impurities(t, "x.go", head+body)) == 0 {
			t.Errorf("the rules don't see %s", body)
		}
	}
	if seen := impurities(t, "x.go", head+"type t struct{ now int }\nfunc (t t) Now() int { return t.now }\nvar d = clock.Second + clock.Duration(t{}.Now())"); seen != nil {
		t.Errorf("the rules see what is fine: %v", seen)
	}
}

// impurities lists where a file reads the clock or starts a goroutine. src is its text; nil: read the file.
func impurities(t *testing.T, file string, src any) (mistakes []string) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	clock := localName(f, "time")
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			mistakes = append(mistakes, fmt.Sprintf("%s starts a goroutine", fset.Position(n.Pos())))
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == clock && slices.Contains(impureTime, n.Sel.Name) {
				mistakes = append(mistakes, fmt.Sprintf("%s uses time.%s", fset.Position(n.Pos()), n.Sel.Name))
			}
		}
		return true
	})
	return mistakes
}

// localName is how a file calls an imported package; "": it does not import it.
func localName(f *ast.File, path string) string {
	for _, i := range f.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err != nil || p != path {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return path[strings.LastIndex(path, "/")+1:]
	}
	return ""
}
