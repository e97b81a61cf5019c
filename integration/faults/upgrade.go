package faults

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// earlier is the commit whose programs are upgraded from; by default the first with all use cases and the flags that
// they run with here.
func earlier() string { return cmp.Or(os.Getenv("TRIBUTARY_UPGRADE_FROM"), "69a0338") }

// installEarlier builds the program of an earlier commit and has the instances run it.
func installEarlier(ctx context.Context, s *Stage) error {
	root := s.path("earlier")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	top, err := exec.CommandContext(ctx, "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	archive := exec.CommandContext(ctx, "bash", "-c", `set -o pipefail; git archive "$1" | tar -x -C "$2"`, "archive", earlier(), root)
	archive.Dir = filepath.Clean(string(top[:len(top)-1]))
	if out, err := archive.CombinedOutput(); err != nil {
		return fmt.Errorf("check out commit %s: %w\n%s", earlier(), err, out)
	}
	path := s.path("earlier-" + s.Case.Name)
	if err := buildIn(root, s.Case.Program, path); err != nil {
		return fmt.Errorf("commit %s: %w", earlier(), err)
	}
	for _, i := range s.Instances {
		i.Binary = path
	}
	return os.RemoveAll(root)
}

// rollingUpgrade ends instances that run the earlier program, and starts them with the present one.
func rollingUpgrade(ctx context.Context, s *Stage) error {
	for _, i := range s.Instances {
		if err := i.Terminate(); err != nil {
			return err
		}
		i.Binary = s.Case.binary(s.T)
		if err := i.Start(); err != nil {
			return err
		}
		if err := s.Wait(ctx, 2*time.Second); err != nil {
			return err
		}
	}
	return nil
}
