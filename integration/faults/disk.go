package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// disks are the faults of the file system that the state lies on.
func disks() []Fault {
	return []Fault{{
		Name: "disk full", About: "the file system of an instance's state has no room for seconds",
		Needs: Root, Prepare: stateInMemory, Inject: fillDisk,
	}}
}

// diskBytes is the size of the small file system: more than the state, and soon filled.
const diskBytes = 64 << 20

// stateInMemory gives the first instance's state a file system of its own.
func stateInMemory(_ context.Context, s *Stage) error {
	dir := s.Instances[0].StateDir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes)); err != nil {
		return fmt.Errorf("mount a tmpfs on %s: %w", dir, err)
	}
	s.T.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_FORCE|syscall.MNT_DETACH) }) // processes may still run
	return nil
}

// fillDisk leaves no room until the instance has complained, and then some. It must say which directory it is about,
// and either go on trying or end with an error; it is started again then.
func fillDisk(ctx context.Context, s *Stage) error {
	i := s.Instances[0]
	i.ExpectEnd()
	from := len(i.Log())
	ballast := filepath.Join(i.StateDir, "ballast")
	if err := fill(ballast); err != nil {
		return err
	}
	complaint, err := i.await(ctx, from, "no space left")
	if err != nil {
		return err
	}
	s.Logf("instance %s: %s", i.Name, complaint)
	if !strings.Contains(complaint, i.StateDir) || !strings.Contains(complaint, "make room") {
		s.T.Errorf("the disk is full, and the message does not name %s or does not say what to do: %s", i.StateDir, complaint)
	}
	if err := s.Wait(ctx, 3*time.Second); err != nil {
		return err
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if i.Running() {
		i.expected.Store(false)
		return nil
	}
	s.Logf("instance %s had ended: %v", i.Name, i.cmd.ProcessState)
	return i.Start()
}

// fill writes until nothing more can be written.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
