package kills

import (
	"fmt"
	"strings"
)

// Found is what a verifier has found wrong. The zero value: nothing.
type Found struct {
	// Differences that were found; the first ones are described.
	Differences int
	Examples    []string
}

// Differ notes a difference.
func (f *Found) Differ(format string, args ...any) {
	if f.Differences++; len(f.Examples) < 10 {
		f.Examples = append(f.Examples, fmt.Sprintf(format, args...))
	}
}

// Exact reports whether nothing was found.
func (f *Found) Exact() bool { return f.Differences == 0 }

func (f *Found) String() string {
	return fmt.Sprintf("%d differences\n%s", f.Differences, strings.Join(f.Examples, "\n"))
}
