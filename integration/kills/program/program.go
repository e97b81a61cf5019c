// Package program runs a topology in a process that a test kills.
package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/stream"
)

// Flags are those of every processor, and one more.
type Flags struct {
	processor.Flags
	WhileStdin bool `help:"Exit when standard input ends."`
}

// Own implements Program.
func (f *Flags) Own() *Flags { return f }

// Program embeds Flags and may have more; it says what is run.
type Program interface {
	Topology() (*stream.Topology, error)
	Own() *Flags
}

// Main runs a topology as its own binary does. It ends with its standard input, so that nothing outlives the test, and
// says "started" when it listens for signals, which is before it looks at the cluster.
func Main(p Program, name string) {
	kong.Parse(p, config.Options(name, "The topology "+name+", for tests.")...)
	if err := run(p); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(p Program) error {
	f := p.Own()
	if f.WhileStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	t, err := p.Topology()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintln(os.Stderr, "started")
	return processor.Run(ctx, f.Flags, t.Plan(), f.Logger(os.Stderr))
}
