// Command countsum runs the topology countsum as a process of its own, so that tests can kill it.
//
// It logs to standard error and exits with 1 and the reason when it can't go on. Some of its flags break
// guarantees on purpose: they show that the tests would notice.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tributary-go/tributary/integration/countsum"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
)

type flags struct {
	brokers, in, out, name, metrics string
	whileStdin, debug               bool
	killAt, stopAt                  int
	engine                          engine.Config
}

func parse() *flags {
	f := &flags{}
	flag.StringVar(&f.brokers, "brokers", "127.0.0.1:9092", "addresses, host:port, separated by commas")
	flag.StringVar(&f.in, "in", "payments", "input topic, keyed by user")
	flag.StringVar(&f.out, "out", "totals", "output topic")
	flag.StringVar(&f.name, "name", "countsum", "name of the topology, the prefix of its table")
	flag.StringVar(&f.metrics, "metrics", "", "address of /metrics; empty: none")
	flag.BoolVar(&f.debug, "debug", false, "log every step")
	flag.BoolVar(&f.whileStdin, "while-stdin", false, "exit when standard input ends, so that nothing outlives the test")
	flag.StringVar(&f.engine.Instance, "instance", "", "name among the processes of this topology; empty: the host name")
	flag.StringVar(&f.engine.StateDir, "state-dir", "", "local stores; empty: below the temporary directory")
	flag.DurationVar(&f.engine.SessionTimeout, "session", 6*time.Second, "how long the partitions of a dead process wait")
	flag.DurationVar(&f.engine.FlushEvery, "flush", 5*time.Second, "how long committed rows stay in memory only")
	partitions := flag.Int("partitions", 0, "of topics that are created; 0: as many as the input has")
	flag.BoolVar(&f.engine.Controls.NoFencing, "no-fencing", false, "BREAKS exactly once: commit offsets without the group's generation")
	flag.BoolVar(&f.engine.Controls.WriteEarly, "write-early", false, "BREAKS exactly once: write the local store before the commit")
	flag.BoolVar(&f.engine.Controls.EmitOutside, "emit-outside", false, "BREAKS exactly once: send an output of each commit before its transaction")
	flag.IntVar(&f.killAt, "kill-at", 0, "SIGKILL itself before the transaction that holds this record; 0: never")
	flag.IntVar(&f.stopAt, "stop-at", 0, "SIGSTOP itself before the transaction that holds this record; 0: never")
	flag.Parse()
	f.engine.Partitions = int32(*partitions)
	f.engine.Connection = client.Connection{Brokers: strings.Split(f.brokers, ",")}
	f.engine.Controls.BeforeCommit = f.beforeCommit()
	return f
}

// beforeCommit kills or stops the process at the one moment at which a mistake would show: the transaction's
// content is fixed, and nothing of it was sent.
func (f *flags) beforeCommit() func(int) {
	seen := 0
	return func(records int) {
		before := seen
		seen += records
		at := func(n int) bool { return before < n && n <= seen }
		if at(f.killAt) {
			fmt.Fprintln(os.Stderr, "killing itself before a commit")
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if at(f.stopAt) {
			fmt.Fprintln(os.Stderr, "stopping itself before a commit")
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			time.Sleep(time.Second) // on a busy machine, another thread may take the signal a moment later
		}
	}
}

func main() {
	if err := run(parse()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(f *flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	fmt.Fprintln(os.Stderr, "started")
	if f.whileStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	topology, err := countsum.Topology(f.name, f.in, f.out)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if f.debug {
		level = slog.LevelDebug
	}
	f.engine.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	f.engine.Metrics = engine.NewMetrics()
	if f.metrics != "" {
		go serve(f.metrics, f.engine.Metrics)
	}
	e, err := engine.Open(ctx, topology.Plan(), f.engine)
	if err != nil && ctx.Err() != nil {
		return nil // told to stop before the start
	}
	if err != nil {
		return err
	}
	err = e.Run(ctx)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	return err
}

func serve(addr string, metrics *engine.Metrics) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	server := &http.Server{Addr: addr, Handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintln(os.Stderr, "metrics:", server.ListenAndServe())
}
