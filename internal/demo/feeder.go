package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/lookup"
	"github.com/tributary-go/tributary/internal/service"
)

// feeder writes the input of a use case.
type feeder struct {
	*stage
	entry  entry
	source source // nil: a file
	engine *engine.Engine
	result lookup.Table
}

func (f *feeder) run(ctx context.Context) error {
	if f.source != nil {
		return f.generate(ctx)
	}
	n, err := f.read(ctx)
	if err != nil || !f.config.Drain {
		return err
	}
	if err := f.engine.Drain(ctx); err != nil {
		return err
	}
	if err := f.settle(ctx); err != nil {
		return err
	}
	fmt.Fprintf(f.config.Out, "\n%d records from %s\n\n", n, f.config.Orders)
	if err := printTable(f.config.Out, f.result); err != nil {
		return err
	}
	return service.ErrStop
}

// generate writes until ctx ends.
func (f *feeder) generate(ctx context.Context) error {
	t := time.NewTicker(f.pause())
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			if err := f.send(f.source.next(now)); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// pause is the time between two records.
func (f *feeder) pause() time.Duration {
	return time.Duration(float64(time.Second) / (float64(max(1, f.config.Rate)) * f.entry.share))
}

// read writes the records of a file.
func (f *feeder) read(ctx context.Context) (n int, err error) {
	file, err := os.Open(f.config.Orders)
	if err != nil {
		return 0, fmt.Errorf("--orders: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() && ctx.Err() == nil {
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
			if err := f.send(record{topic: ordersTopic, value: bytes.Clone(line)}); err != nil {
				return n, fmt.Errorf("record %d of %s: %w", n+1, f.config.Orders, err)
			}
			n++
		}
	}
	return n, lines.Err()
}

// settle waits until the view of the results has everything that the engine has committed.
func (f *feeder) settle(ctx context.Context) error {
	for p := int32(0); int(p) < f.result.Info().Partitions; p++ {
		end, err := f.engine.Admin().LastVisible(ctx, f.result.Info().Topic, p)
		if err != nil {
			return err
		}
		for f.result.Position()[p] < end && end > 0 {
			select {
			case <-ctx.Done():
				return errors.New("stopped before all input was in the tables")
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

func printTable(w io.Writer, t lookup.Table) error {
	rows, err := t.Scan("", "", 1000)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n", t.Info().Name)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%s\n", r.Key, r.Value)
	}
	return tw.Flush()
}
