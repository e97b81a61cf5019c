package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// programs are what the parts measure, besides those that most of them do.
var programs = map[string][]string{
	"sink":     {"./cmd/sqlsink"},
	"capture":  {"./cmd/mysqlcdc"},
	"patterns": {"./bench/patterns", "./bench/processor"},
}

// programsOf are those that the chosen parts need.
func (o options) programsOf() (all []string) {
	for _, p := range partNames() {
		some, ok := programs[p]
		if !ok {
			some = []string{"./bench/processor", "./cmd/channelgmv"}
		}
		if o.chosen(p) {
			all = append(all, some...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// build compiles the programs under measurement; what the peers need is fetched the first time.
func (b *bench) build(ctx context.Context) error {
	b.say("building")
	if err := b.command(ctx, "go", append([]string{"build", "-o", filepath.Join(b.work, "bin") + "/"}, b.programsOf()...)...); err != nil {
		return err
	}
	if b.peers && b.chosen("count") {
		if err := b.command(ctx, filepath.Join(b.root, streamsFolder, "build.sh")); err != nil {
			return fmt.Errorf("%w (without a JDK and Maven: -peers=false)", err)
		}
	}
	if b.peers && (b.chosen("gmv") || b.chosen("patterns")) {
		if err := b.command(ctx, filepath.Join(b.root, flinkFolder, "build.sh")); err != nil {
			return fmt.Errorf("%w (without a JDK and Maven: -peers=false)", err)
		}
	}
	return nil
}

func (b *bench) command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// processor is our program at work.
type processor struct {
	*process
	health string // base URL
}

// countsum starts count-and-sum on a state directory.
func (b *bench) countsum(name, in, out, state string, flags ...string) (*processor, error) {
	return b.processor(name, "processor", append([]string{"countsum", "--name=" + name, "--in=" + in, "--out=" + out, "--state-dir=" + state}, flags...)...)
}

// countsumGroup is the consumer group of the topology with a name, countsumTable its changelog.
func countsumGroup(name string) string { return name + "-totals" }
func countsumTable(name string) string { return name + "-totals-table" }

// channelgmv starts the whole channel GMV. It runs in the product's own binary, unless a profile is wanted.
func (b *bench) channelgmv(name, state string, flags ...string) (*processor, error) {
	flags = append(flags, "--state-dir="+state, "--zone=UTC")
	if b.profile != "" {
		return b.processor(name, "processor", append([]string{"channelgmv"}, flags...)...)
	}
	return b.processor(name, "channelgmv", flags...)
}

// channelgmvGroups are its consumer groups, channelgmvTopics the prefixes of the topics it writes.
var (
	channelgmvGroups = []string{"channelgmv-trade_order_detail_info", "channelgmv-orders", "channelgmv-payers", "channelgmv-channels"}
	channelgmvTopics = []string{"channelgmv-", "trade_channel_collect"}
)

func (b *bench) processor(name, binary string, flags ...string) (*processor, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	flags = append(flags, "--brokers="+b.kafka.address, "--instance=bench", "--listen="+address, "--log-level=warn")
	if b.profile != "" {
		folder, err := filepath.Abs(b.profile)
		if err != nil {
			return nil, err
		}
		flags = append(flags, "--profile="+filepath.Join(folder, name))
	}
	p, err := b.start(name, exec.Command(filepath.Join(b.work, "bin", binary), flags...))
	return &processor{p, "http://" + address}, err
}

// freeAddress finds a port for health checks; between the look and the start it may be lost, and the start fails.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// ready waits until the process owns its partitions and has recovered them, and returns how long after its start.
func (p *processor) ready(ctx context.Context) (time.Duration, error) {
	err := p.poll(ctx, 5*time.Millisecond, func() (bool, error) {
		answer, err := http.Get(p.health + "/readyz")
		if err != nil {
			return false, nil // not listening yet
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK, nil
	})
	return time.Since(p.started), err
}

// collectRow reads a row of trade_channel_collect as we write it: amounts exact.
func collectRow(b []byte) (channelRow, error) {
	var row struct {
		channelRow
		GMV json.Number `json:"cur_gmv"`
	}
	if err := json.Unmarshal(b, &row); err != nil {
		return channelRow{}, err
	}
	var err error
	row.Cents, err = parseCents([]byte(row.GMV))
	return row.channelRow, err
}
