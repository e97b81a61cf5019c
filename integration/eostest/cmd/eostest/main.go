// Command eostest runs the topology of package eostest as a process of its own, so that tests can kill it.
//
// It logs to standard error and exits with 1 and the reason when it can't go on.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/tributary-go/tributary/integration/eostest"
	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
)

func main() {
	var cfg engine.Config
	flag.StringVar(&cfg.Instance, "instance", "", "name among the processes of this topology; empty: the host name")
	flag.StringVar(&cfg.StateDir, "state-dir", "", "local stores; empty: below the temporary directory")
	flag.DurationVar(&cfg.SessionTimeout, "session", 6*time.Second, "how long the partitions of a dead process wait")
	flag.DurationVar(&cfg.TransactionTimeout, "transaction", 0, "how long the open transaction of a dead process holds readers back; 0: the engine's default")
	name := flag.String("name", "eostest", "name of the topology, the prefix of its topics")
	brokers := flag.String("brokers", "127.0.0.1:9092", "addresses, host:port, separated by commas")
	start := flag.Int("start", 0, "what is said with \"ready\"")
	whileStdin := flag.Bool("while-stdin", false, "exit when standard input ends, so that nothing outlives the test")
	flag.Parse()
	if *whileStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	cfg.Connection = client.Connection{Brokers: strings.Split(*brokers, ",")}
	cfg.FlushEvery = 500 * time.Millisecond
	cfg.PurgeEvery = 24 * time.Hour // the verifier reads what lies between the groups
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := run(*name, *start, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(name string, start int, cfg engine.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	fmt.Fprintln(os.Stderr, "started")
	topology, err := eostest.Topology(eostest.Topics{Name: name})
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, topology.Plan(), cfg)
	if err != nil && ctx.Err() != nil {
		return nil // told to stop before the start
	}
	if err != nil {
		return err
	}
	go sayReady(ctx, e, start)
	err = e.Run(ctx)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	return err
}

// sayReady says once that all groups have partitions and have recovered them.
func sayReady(ctx context.Context, e *engine.Engine, start int) {
	for e.Ready() != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	fmt.Fprintf(os.Stderr, "ready after start %d.\n", start)
}
