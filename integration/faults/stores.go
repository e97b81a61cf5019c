package faults

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stores are the faults of local state. LevelDB's files are damaged while the process is dead: it keeps them to itself.
func stores() []Fault {
	return []Fault{
		{Name: "state deleted", About: "SIGKILL; the state directory is deleted before the start", Inject: afterKill(deleteState)},
		{Name: "torn files", About: "SIGKILL; up to three of LevelDB's files per partition are cut off somewhere before the start", Inject: afterKill(damage(cutOff))},
		{Name: "flipped bytes", About: "SIGKILL; up to three of LevelDB's files per partition get a wrong byte before the start", Inject: afterKill(damage(flip))},
		{Name: "files lost", About: "SIGKILL; up to three of LevelDB's files per partition are deleted before the start", Inject: afterKill(damage(remove))},
	}
}

// afterKill does something to the state of an instance between SIGKILL and the next start.
func afterKill(f func(s *Stage, i *Instance) error) func(context.Context, *Stage) error {
	return func(_ context.Context, s *Stage) error {
		i := s.Pick()
		i.Kill()
		if err := f(s, i); err != nil {
			return err
		}
		return i.Start()
	}
}

func deleteState(_ *Stage, i *Instance) error { return os.RemoveAll(i.StateDir) }

// damage does something to some files of each store of an instance.
func damage(f func(s *Stage, path string) (string, error)) func(*Stage, *Instance) error {
	return func(s *Stage, i *Instance) error {
		dirs, err := storesBelow(i.StateDir)
		if err != nil {
			return err
		}
		var done []string
		for _, files := range dirs {
			s.Rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
			for _, path := range files[:min(len(files), 1+s.Rand.IntN(3))] {
				what, err := f(s, path)
				if err != nil {
					return fmt.Errorf("damage %s: %w", path, err)
				}
				done = append(done, what)
			}
		}
		if len(done) == 0 {
			return fmt.Errorf("there are no stores below %s to damage", i.StateDir)
		}
		slices.Sort(done)
		s.Logf("instance %s: %s", i.Name, strings.Join(done, ", "))
		return nil
	}
}

// storesBelow are the files of each LevelDB that hold data, in a fixed order.
func storesBelow(dir string) ([][]string, error) {
	byDir := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "LOCK" && e.Name() != "LOG" {
			byDir[filepath.Dir(path)] = append(byDir[filepath.Dir(path)], path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var all [][]string
	for _, d := range sortedKeys(byDir) {
		files := byDir[d]
		if slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == "CURRENT" }) {
			all = append(all, files)
		}
	}
	return all, nil
}

// cutOff leaves a random part of a file, or nothing: what a machine that loses power may leave.
func cutOff(s *Stage, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	n := s.Rand.Int64N(info.Size() + 1)
	return fmt.Sprintf("%s cut to %d of %d bytes", short(path), n, info.Size()), os.Truncate(path, n)
}

// flip makes one bit of a file wrong, somewhere.
func flip(s *Stage, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return short(path) + " is empty", err
	}
	at, bit := s.Rand.IntN(len(b)), s.Rand.IntN(8)
	b[at] ^= 1 << bit
	return fmt.Sprintf("%s bit %d of byte %d of %d", short(path), bit, at, len(b)), os.WriteFile(path, b, 0o644)
}

func remove(_ *Stage, path string) (string, error) {
	return short(path) + " deleted", os.Remove(path)
}

func short(path string) string {
	return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
}
