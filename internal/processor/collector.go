package processor

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// mostPercent: state lives on the heap, and marking it is what collecting costs. More than this gains little.
	mostPercent = 200
	// leastPercent is Go's default.
	leastPercent = 100
	// garbage is what the heap may hold beside what lives, in bytes, before less than mostPercent is allowed.
	garbage = 1 << 30
	// steps are what percents differ by at least to be worth a change: it stops the program for a moment.
	steps = 10
)

// CollectLess has the garbage collector run half as often as by Go's default, as long as little lives: up to 512 MB
// garbage may take twice that. From there on it may take 1 GiB, and where more than that lives as much as lives, which
// is the default. It adapts until ctx ends, and does nothing if GOGC says how often to collect.
func CollectLess(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(mostPercent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(time.Second)
	go func() {
		defer tick.Stop()
		adapt(ctx, tick.C, func() uint64 {
			metrics.Read(live)
			return live[0].Value.Uint64()
		}, func(percent int) { debug.SetGCPercent(percent) })
	}()
}

// adapt sets what suits the living heap at each tick.
func adapt(ctx context.Context, tick <-chan time.Time, live func() uint64, set func(percent int)) {
	now := mostPercent
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if want := percentFor(live()); want >= now+steps || want <= now-steps || want != now && (want == mostPercent || want == leastPercent) {
				now = want
				set(now)
			}
		}
	}
}

func percentFor(live uint64) int {
	return int(min(mostPercent, max(leastPercent, garbage*100/max(1, live))))
}
