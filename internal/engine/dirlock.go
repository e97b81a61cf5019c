package engine

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dirLock holds the directory of one instance of a topology against other processes of this machine. The
// lock is the kernel's: it is gone with the process, however that ends.
type dirLock struct {
	path string
	id   string // random, made with the directory: whoever shows it to the broker held this lock
	file *os.File
}

func lockDir(root, topology, instance string) (*dirLock, error) {
	if strings.ContainsAny(instance, "/\\\x00") || instance == "" {
		return nil, fmt.Errorf("the instance name %q can't be part of a path: choose another with --instance", instance)
	}
	dir := filepath.Join(root, topology, instance)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create %s: %w: choose a directory that can be written with --state-dir", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: choose a directory that can be written with --state-dir", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is in use by another process: an instance named %q of topology %s runs on this machine; stop it, or start this one with another --instance", dir, instance, topology)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	id, err := dirID(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write %s: %w", f.Name(), err)
	}
	return &dirLock{dir, id, f}, nil
}

// dirID reads the directory's id from the lock file, or makes one.
func dirID(f *os.File) (string, error) {
	b := make([]byte, 4)
	text := make([]byte, hex.EncodedLen(len(b)))
	if n, _ := f.ReadAt(text, 0); n == len(text) {
		if _, err := hex.Decode(b, text); err == nil {
			return string(text), nil
		}
	}
	rand.Read(b) // never fails
	hex.Encode(text, b)
	if _, err := f.WriteAt(text, 0); err != nil {
		return "", err
	}
	return string(text), f.Sync()
}

func (l *dirLock) unlock() error { return l.file.Close() }
