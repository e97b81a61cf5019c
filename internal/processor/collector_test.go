package processor

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestTheMoreLivesTheLessGarbageIsLeft(t *testing.T) {
	const mb = 1 << 20
	for live, want := range map[uint64]int{0: 200, 100 * mb: 200, 512 * mb: 200, 640 * mb: 160, 1024 * mb: 100, 5000 * mb: 100} {
		if got := percentFor(live); got != want {
			t.Errorf("%d MB live: %d %%, want %d %%", live/mb, got, want)
		}
	}
}

func TestTheCollectorIsSetWhenItIsWorthIt(t *testing.T) {
	const mb = 1 << 20
	ctx, cancel := context.WithCancel(t.Context())
	lives := []uint64{100 * mb, 540 * mb, 580 * mb, 600 * mb, 2000 * mb, 1010 * mb, 900 * mb, 100 * mb, 100 * mb}
	tick := make(chan time.Time)
	var set []int
	done := make(chan struct{})
	go func() {
		defer close(done)
		adapt(ctx, tick, func() uint64 {
			live := lives[0]
			lives = lives[1:]
			return live
		}, func(percent int) { set = append(set, percent) })
	}()
	for range len(lives) {
		tick <- time.Time{}
	}
	cancel()
	<-done
	if want := []int{189, 176, 100, 113, 200}; !slices.Equal(set, want) {
		t.Errorf("set to %v, want %v", set, want)
	}
}
