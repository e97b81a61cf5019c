// Command bench measures Tributary beside its peers, on a Kafka of its own, and writes docs/benchmarks.md.
//
// Every program under measurement is a process of its own: it is started on data that lies in Kafka already, watched
// from outside (committed offsets, /proc), stopped, and its output is compared with a recount of the input. Programs
// that are compared take turns, round by round, and the report gives medians. A wrong result is an error, not a figure.
//
// File map: options.go what can be chosen; kafka.go, topics.go, produce.go and read.go the broker and its data;
// payments.go and orders.go the inputs and their recounts, and of the other use cases coupons.go with grants.go,
// premiums.go, drops.go, pages.go, and clicks.go with clickrecount.go; database.go servers of SQL, with sinkrows.go,
// sinkstore.go and clicktable.go what is in them; table.go and tableoutcome.go what compares;
// process.go, proc.go, gauge.go and counted.go what runs and what it costs; ours.go, streams.go and flink.go the contestants;
// count.go, gmv.go with collect.go, usecases.go and hot.go with usecase.go, patterns.go,
// sink.go with sinklimit.go, capture.go with inserts.go, transactions.go, recovery.go, latency.go
// with probes.go and watch.go, beyond.go and memory.go the measurements; report.go what is written.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		stop()
		os.Exit(1)
	}
}

// run measures one part after the other. A part that fails does not keep the others from running.
func run(ctx context.Context, o options) (err error) {
	b, err := openBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, p := range allParts {
		if !o.chosen(p.name) || ctx.Err() != nil {
			continue
		}
		b.say("== %s: %s", p.name, p.about)
		s, partErr := p.run(b, ctx)
		if partErr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", p.name, partErr))
			b.say("%s failed: %v", p.name, partErr)
			if ctx.Err() == nil {
				err = errors.Join(err, b.clear(ctx))
			}
			continue
		}
		b.report.add(s)
		b.say("%s", s.markdown())
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return errors.Join(err, b.finish(err == nil))
}
