// Package kills is what proofs under kills have in common: random choices that can be had again, tables as topics hold
// them, and what a verifier finds. Package program is what is killed.
package kills

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Seed makes the random choices of a test, and says how to have them again: TRIBUTARY_SEED. Where exactly a
// signal meets a process is not in its power.
func Seed(t testing.TB) *rand.Rand {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	if text := os.Getenv("TRIBUTARY_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("TRIBUTARY_SEED: %v", err)
		}
	}
	t.Logf("TRIBUTARY_SEED=%d", s)
	return rand.New(rand.NewPCG(s, s))
}
