package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built are the binaries of this test process, by folder.
var built = struct {
	sync.Mutex
	dir   string
	paths map[string]string
}{paths: map[string]string{}}

// Build builds a program of the module, named by its folder, once per test process. Main removes it.
func Build(t testing.TB, folder string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if path := built.paths[folder]; path != "" {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "tributary-faults-")
		if err != nil {
			t.Fatal(err)
		}
		built.dir = dir
	}
	path := filepath.Join(built.dir, filepath.Base(folder))
	if err := buildIn("", folder, path); err != nil {
		t.Fatal(err)
	}
	built.paths[folder] = path
	return path
}

// buildIn builds a program of the module in root; "": this one.
func buildIn(root, folder, path string) error {
	cmd := exec.Command("go", "build", "-o", path, "github.com/tributary-go/tributary/"+folder)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

// Main runs the tests and removes the binaries.
func Main(m *testing.M) int {
	defer func() {
		built.Lock()
		defer built.Unlock()
		_ = os.RemoveAll(built.dir)
	}()
	return m.Run()
}
