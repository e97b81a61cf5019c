// Command pack makes an archive of golden cases.
//
//	TRIBUTARY_GOLDEN=<folder of use cases> go run ./pack testdata/001.tar.gz 001 001d
//	TRIBUTARY_GOLDEN=<folder of patterns> go run ./pack testdata/cep.tar.gz cep
//
// It takes the files that the runner reads, leaves out times and owners, and stores a file that is the
// same as an earlier one as a link, so that the same cases give the same small archive.
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

func main() {
	if len(os.Args) < 3 || os.Getenv("TRIBUTARY_GOLDEN") == "" {
		fmt.Fprintln(os.Stderr, "usage: TRIBUTARY_GOLDEN=<folder of use cases> pack <archive> <use case>...")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.DirFS(os.Getenv("TRIBUTARY_GOLDEN")), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(archive string, dir fs.FS, useCases []string) error {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := writer{tar.NewWriter(z), map[string]string{}}
	for _, u := range useCases {
		add := w.addUseCase
		if u == "cep" {
			add = w.addPatterns
		}
		if err := add(dir, u); err != nil {
			return err
		}
	}
	if err := cmp.Or(w.tar.Close(), z.Close()); err != nil {
		return err
	}
	return os.WriteFile(archive, out.Bytes(), 0o644)
}

// writer remembers under which name a content was stored.
type writer struct {
	tar   *tar.Writer
	names map[string]string
}

func (w writer) addUseCase(dir fs.FS, useCase string) error {
	heads, err := fs.Glob(dir, path.Join(useCase, "*", "case.json"))
	if err != nil {
		return err
	}
	if len(heads) == 0 {
		return fmt.Errorf("use case %s has no cases", useCase)
	}
	for _, head := range heads {
		for _, file := range []string{"case.json", "input.jsonl", "expected.jsonl", "dimension_after.jsonl"} {
			if err := w.add(dir, path.Join(path.Dir(head), file)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addPatterns takes the cases of patterns; the folder holds nothing else.
func (w writer) addPatterns(dir fs.FS, _ string) error {
	for _, glob := range []string{"suite/*.json", "business/*.json", "random.jsonl"} {
		files, err := fs.Glob(dir, glob)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("there is no %s", glob)
		}
		for _, file := range files {
			if err := w.add(dir, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// add stores a file; one that is not there (a job that failed has no expected.jsonl, most use cases no dimension) is left out.
func (w writer) add(dir fs.FS, name string) error {
	b, err := fs.ReadFile(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if first, ok := w.names[string(b)]; ok {
		return w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: first, Mode: 0o644})
	}
	w.names[string(b)] = name
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Size: int64(len(b)), Mode: 0o644}); err != nil {
		return err
	}
	_, err = w.tar.Write(b)
	return err
}
