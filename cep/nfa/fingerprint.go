package nfa

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// fingerprint is a hash of a pattern's structure, in 16 hexadecimal digits. It changes with anything on which
// the numbers of states depend, or what runs in them mean.
func fingerprint[E any](p Pattern[E]) string {
	var b strings.Builder
	structure(&b, p.Steps)
	fmt.Fprintf(&b, "skip %s %q %t", p.Skip.Strategy, p.Skip.Step, p.Skip.MissFails)
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

func structure[E any](b *strings.Builder, steps []Step[E]) {
	for i := range steps {
		s := &steps[i]
		fmt.Fprintf(b, "%s %q times %d %d %s inside %s optional %t greedy %t until %t within %s %s",
			s.Contiguity, s.Name, s.Times.Min, s.Times.Max, s.Times.Gap, s.Inside, s.Optional, s.Greedy, s.Until != nil, s.Within, s.WithinPrevious)
		if len(s.Group) > 0 {
			b.WriteString(" (")
			structure(b, s.Group)
			b.WriteString(")")
		}
		b.WriteString("\n")
	}
}
