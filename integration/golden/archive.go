package golden

import (
	"archive/tar"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing/fstest"
)

//go:generate go run ./pack testdata/000.tar.gz 000
//go:generate go run ./pack testdata/001.tar.gz 001 001d
//go:generate go run ./pack testdata/002a.tar.gz 002a
//go:generate go run ./pack testdata/002b.tar.gz 002b
//go:generate go run ./pack testdata/002c.tar.gz 002c

//go:embed testdata/*.tar.gz
var archives embed.FS

// Archived returns the cases of the repository.
func Archived() ([]Case, error) {
	names, err := fs.Glob(archives, "testdata/*.tar.gz")
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, name := range names {
		cases, err := unpack(name)
		if err != nil {
			return nil, fmt.Errorf("archive %s: %w", name, err)
		}
		all = append(all, cases...)
	}
	return all, nil
}

func unpack(name string) ([]Case, error) {
	f, err := archives.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, err := files(f)
	if err != nil {
		return nil, err
	}
	return Load(dir)
}

// files reads a compressed tar. A hard link is the file that it leads to.
func files(r io.Reader) (fstest.MapFS, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	dir := fstest.MapFS{}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return dir, nil
		}
		if err != nil {
			return nil, err
		}
		switch h.Typeflag {
		case tar.TypeLink:
			dir[h.Name] = dir[h.Linkname]
		case tar.TypeReg:
			b, err := io.ReadAll(t)
			if err != nil {
				return nil, err
			}
			dir[h.Name] = &fstest.MapFile{Data: b}
		}
	}
}
