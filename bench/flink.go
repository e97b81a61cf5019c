package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const flinkFolder = "bench/peers/flink"

// flinkRun is one execution of the query within a process.
type flinkRun struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"`
}

// flink runs the query twice over a folder of JSON lines, and a third time for its final table if that is to be
// checked (want is not nil). The second run is the warm one. peak is the most memory of the process in bytes.
func (b *bench) flink(ctx context.Context, name, data string, want map[string]channelRow) (runs []flinkRun, peak int64, err error) {
	args := append(b.flinkJVM(), "bench.ChannelGmv", data, filepath.Join(b.root, flinkFolder, "channelgmv.sql"), reportNow, "2")
	if want != nil {
		args = append(args, "check")
	}
	p, err := b.start(name, exec.Command("java", args...))
	if err != nil {
		return nil, 0, err
	}
	if peak, err = p.wait(ctx); err != nil {
		return nil, 0, err
	}
	runs, rows, err := readFlink(p.log)
	if err == nil && want != nil {
		err = compareRows(rows, want)
	}
	return runs, peak, err
}

// flinkJVM are the arguments of java before the name of a class.
func (b *bench) flinkJVM() []string {
	target := filepath.Join(b.root, flinkFolder, "target")
	return []string{
		"-Xmx5g", "-Duser.timezone=UTC", "--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED",
		"--add-opens=java.base/java.time=ALL-UNNAMED",
		"-cp", strings.Join([]string{filepath.Join(target, "classes"), filepath.Join(target, "lib", "*")}, ":"),
	}
}

// wait waits for a process that ends by itself, and returns the most memory it used, as sampled.
func (p *process) wait(ctx context.Context) (peak int64, err error) {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-p.ended:
			if p.err != nil {
				return peak, p.death()
			}
			return peak, nil
		case <-ctx.Done():
			p.cmd.Process.Kill()
			<-p.ended
			return peak, ctx.Err()
		case <-t.C:
			if u, err := p.usage(); err == nil {
				peak = max(peak, u.peak)
			}
		}
	}
}

// readFlink reads what ChannelGmv printed: runs, then rows.
func readFlink(file string) (runs []flinkRun, rows map[string]channelRow, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	rows = map[string]channelRow{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := lines.Bytes()
		switch {
		case bytes.HasPrefix(line, []byte(`{"run"`)):
			var r flinkRun
			err = json.Unmarshal(line, &r)
			runs = append(runs, r)
		case bytes.HasPrefix(line, []byte(`{"begin_time"`)):
			var r channelRow
			r, err = flinkRow(line)
			rows[r.Code] = r
		}
		if err != nil {
			return nil, nil, fmt.Errorf("the Flink run printed %q: %w", line, err)
		}
	}
	if len(runs) != 2 {
		return nil, nil, fmt.Errorf("the Flink run reported %d runs instead of 2:\n%s", len(runs), tail(file))
	}
	return runs, rows, nil
}

// flinkRow reads a row whose amount is a double that many additions and subtractions have gone through.
func flinkRow(b []byte) (channelRow, error) {
	var row struct {
		channelRow
		GMV json.Number `json:"cur_gmv"`
	}
	if err := json.Unmarshal(b, &row); err != nil {
		return channelRow{}, err
	}
	gmv, err := strconv.ParseFloat(string(row.GMV), 64)
	row.Cents = int64(math.Round(gmv * 100))
	return row.channelRow, err
}
