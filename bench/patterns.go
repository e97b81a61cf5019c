package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// patternNames are those of the click patterns, and of all five in one job.
var patternNames = []string{"cross-sell", "abandoned-cart", "purchase-intent", "price-sensitivity", "churn-risk", allPatterns}

const allPatterns = "all"

// patternRun is one pass over the clicks within a process. The peer's program and ours print the same.
type patternRun struct {
	Seconds float64          `json:"seconds"`
	CPU     float64          `json:"cpu"`
	Found   map[string]found `json:"found"`
}

// found is how many matches of a pattern there are, as "pattern|kind", and the sum of their fingerprints.
type found struct {
	N   int   `json:"n"`
	Sum int64 `json:"sum,string"`
}

// noteFound notes matches as the programs do: FNV-1a over ids instead of bytes.
func noteFound(all map[string]found) noter {
	return func(rule, kind, _ string, _ click, match ...click) {
		h := uint64(0xcbf29ce484222325)
		for _, c := range match {
			h = (h ^ uint64(c.id)) * 0x100000001b3
		}
		f := all[rule+"|"+kind]
		f.N++
		f.Sum += int64(h)
		all[rule+"|"+kind] = f
	}
}

// of are those of a pattern, or of all.
func foundOf(all map[string]found, pattern string) map[string]found {
	some := map[string]found{}
	for what, f := range all {
		if name, kind, _ := strings.Cut(what, "|"); pattern == allPatterns || pattern == name {
			if kind == "match" || name == "abandoned-cart" { // of the others nobody asks for timeouts
				some[what] = f
			}
		}
	}
	return some
}

// patterns looks for the click patterns in the same files with Flink CEP and with our tasks in memory, then for the
// whole use case in memory and on Kafka, and then for one pattern with windows of many lengths.
func (b *bench) patterns(ctx context.Context) (section, error) {
	folder := filepath.Join(b.work, "clicks")
	want, err := b.writeClicks(folder, 1, 10*minute)
	if err != nil {
		return section{}, err
	}
	s := section{title: "Click patterns", text: fmt.Sprintf("%s clicks in sessions, JSON lines in two files, read by each program: matches of each pattern alone, "+
		"and of the five in one job. Flink CEP runs in an embedded cluster of parallelism 2 as the channel GMV does: heap state, no checkpoints, results thrown "+
		"away. Tributary's tasks run in one goroutine over memory (bench/patterns): what they do is the product's work, with rows encoded for a changelog every "+
		"2,000 records, and neither brokers nor a disk. Each process makes two passes, and the second counts. The matches of every pass, counted and "+
		"fingerprinted, were those of a recount.", count(b.patternClicks)),
		table: [][]string{{"", "matches", "Tributary, CPU-s per million", "Flink CEP, CPU-s per million", "ratio", "bar", "Tributary, clicks/s", "memory, most"}}}
	for _, name := range patternNames {
		row, err := b.patternRow(ctx, name, folder, want)
		if err != nil {
			return section{}, err
		}
		s.table = append(s.table, row)
	}
	s.after = "The ratio is that of the CPU times; the bar is a quarter of Flink's for each pattern, and a tenth for all five in one job."
	kafka, err := b.patternsOnKafka(ctx, folder)
	if err != nil {
		return section{}, err
	}
	windows, err := b.windows(ctx)
	s.more = []section{kafka, windows}
	return s, errors.Join(err, os.RemoveAll(folder))
}

// writeClicks writes two files of clicks, a session in one of them, and returns what they match.
func (b *bench) writeClicks(folder string, stretch int, cartWithin int64) (map[string]found, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	files, err := newLineFiles(folder, 2)
	if err != nil {
		return nil, err
	}
	all, n, text := map[string]found{}, b.patternClicks, make([]byte, 0, 2*clickRoom)
	makeClicks(newClicks(n, stretch), n, cartWithin, noteFound(all), func(c click) {
		text = append(text[:0], c.key()...)
		text[len(text)-1] = ','
		text = append(text, c.append(nil)[1:]...)
		file := c.session
		if c.session == 0 { // the last ones, one in each file at least
			file = c.id
		}
		files.write(file, text)
	})
	return all, files.close()
}

func (b *bench) patternRow(ctx context.Context, name, folder string, want map[string]found) ([]string, error) {
	ours, peak, err := b.patternPass(ctx, name, foundOf(want, name), "--data="+folder, "--pattern="+name)
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", name, err)
	}
	matches, million := 0, float64(b.patternClicks)/1e6
	for _, f := range foundOf(want, name) {
		matches += f.N
	}
	row := []string{name, count(matches), figure(ours.CPU / million), "", "", "", count(int(float64(b.patternClicks) / ours.Seconds)), megabytes(float64(peak))}
	b.say("%s: %d matches, Tributary %.2f CPU-s, %d MB; exact", name, matches, ours.CPU, peak>>20)
	if !b.peers {
		return row, nil
	}
	peer, err := b.flinkPatterns(ctx, name, folder, foundOf(want, name))
	if err != nil {
		return nil, fmt.Errorf("peer flink, pattern %s: %w", name, err)
	}
	b.say("%s: Flink CEP %.1f CPU-s; exact", name, peer.CPU)
	row[3], row[4], row[5] = figure(peer.CPU/million), figure(ours.CPU/peer.CPU), "0.25"
	if name == allPatterns {
		row[5] = "0.10"
	}
	return row, nil
}

// patternPass runs our program, and returns its warm pass. want is what each pass must find; nil: that is not asked.
func (b *bench) patternPass(ctx context.Context, name string, want map[string]found, flags ...string) (patternRun, int64, error) {
	if b.profile != "" {
		path, err := filepath.Abs(filepath.Join(b.profile, "patterns-"+name+".cpu"))
		if err != nil {
			return patternRun{}, 0, err
		}
		flags = append(flags, "--profile="+path)
	}
	p, err := b.start("patterns-"+name, exec.Command(filepath.Join(b.work, "bin", "patterns"), flags...))
	if err != nil {
		return patternRun{}, 0, err
	}
	return warmPass(ctx, p, want)
}

// flinkPatterns is the same of the peer.
func (b *bench) flinkPatterns(ctx context.Context, name, folder string, want map[string]found) (patternRun, error) {
	p, err := b.start("flink-"+name, exec.Command("java", append(b.flinkJVM(), "bench.ClickPatterns", folder, name, "2")...))
	if err != nil {
		return patternRun{}, err
	}
	run, _, err := warmPass(ctx, p, want)
	return run, err
}

// warmPass waits for a program that passes twice over the clicks, and compares what it found in each pass.
func warmPass(ctx context.Context, p *process, want map[string]found) (r patternRun, peak int64, err error) {
	if peak, err = p.wait(ctx); err != nil {
		return r, peak, err
	}
	f, err := os.Open(p.log)
	if err != nil {
		return r, peak, err
	}
	defer f.Close()
	passes := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if !strings.HasPrefix(lines.Text(), `{"run"`) {
			continue
		}
		r = patternRun{}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return r, peak, fmt.Errorf("%s printed %q: %w", p.name, lines.Text(), err)
		}
		if err := compareFound(r.Found, want); err != nil {
			return r, peak, err
		}
		passes++
	}
	if passes != 2 {
		return r, peak, fmt.Errorf("%s reported %d passes instead of 2:\n%s", p.name, passes, tail(p.log))
	}
	return r, peak, nil
}

func compareFound(got, want map[string]found) error {
	if want == nil {
		return nil
	}
	for what, w := range want {
		if got[what] != w {
			return fmt.Errorf("wrong result: of %s there are %+v, the recount has %+v", what, got[what], w)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("wrong result: %d kinds of matches, the recount has %d", len(got), len(want))
	}
	return nil
}

// patternsOnKafka is what Kafka adds: the whole use case in memory, and by the product's processor on Kafka.
func (b *bench) patternsOnKafka(ctx context.Context, folder string) (section, error) {
	memory, peak, err := b.patternPass(ctx, "clickalerts", nil, "--data="+folder, "--pattern=clickalerts")
	if err != nil {
		return section{}, fmt.Errorf("clickalerts in memory: %w", err)
	}
	c := clickCase(b.patternClicks)
	want, records, err := b.produceCase(ctx, c)
	if err != nil {
		return section{}, err
	}
	d, err := b.drainCase(ctx, c, "patterns-kafka", want, records, nil)
	if err != nil {
		return section{}, fmt.Errorf("clickalerts on Kafka: %w", err)
	}
	b.say("clickalerts, %d clicks: in memory %.1f, on Kafka %.1f CPU-s, broker %.1f CPU-s; exact", records, memory.CPU, d.cpu, d.broker)
	million := float64(records) / 1e6
	s := section{
		text: "The whole use case: each click counted once by its id, the five patterns, alerts in full. In memory as above, the second pass; on Kafka by " +
			"the product's processor, exactly once, from the start of the process.",
		table: [][]string{{"clickalerts", "CPU-s per million", "records/s", "memory, most", "broker, CPU-s per million"},
			{"in memory", figure(memory.CPU / million), count(int(float64(records) / memory.Seconds)), megabytes(float64(peak)), ""},
			{"on Kafka", figure(d.cpu / million), count(int(d.rate)), megabytes(float64(d.peak)), figure(d.broker / million)}},
		after: fmt.Sprintf("Kafka, transactions and LevelDB add %s CPU seconds per million.", figure((d.cpu-memory.CPU)/million)),
	}
	return s, b.topics.remove(ctx, c.inputs...)
}

// patternWindows are in minutes: 5 minutes to 7 days.
var patternWindows = []struct {
	name string
	min  int64
}{{"5m", 5}, {"1h", 60}, {"24h", 24 * 60}, {"168h", 7 * 24 * 60}}

// windows measures one pattern with windows of many lengths in clicks that take four weeks.
func (b *bench) windows(ctx context.Context) (section, error) {
	s := section{
		text: "The pattern abandoned-cart with other windows, in clicks that take four weeks: a cart stays open until its purchase, or until the window " +
			"closes and it times out. All in memory as above; matches and timeouts were those of a recount.",
		table: [][]string{{"window", "matches and timeouts", "CPU-µs per click", "of the shortest"}},
	}
	const fourWeeks = 28 * 24 * 60 * minute
	stretch := max(1, fourWeeks/(b.patternClicks*clickPace/2))
	first := 0.0
	for _, w := range patternWindows {
		folder := filepath.Join(b.work, "clicks-"+w.name)
		want, err := b.writeClicks(folder, stretch, w.min*minute)
		if err != nil {
			return section{}, err
		}
		want = foundOf(want, "abandoned-cart")
		r, _, err := b.patternPass(ctx, "window-"+w.name, want, "--data="+folder, "--pattern=abandoned-cart", "--within="+w.name)
		if err := errors.Join(err, os.RemoveAll(folder)); err != nil {
			return section{}, fmt.Errorf("window of %s: %w", w.name, err)
		}
		n := 0
		for _, f := range want {
			n += f.N
		}
		each := r.CPU * 1e6 / float64(b.patternClicks)
		if first == 0 {
			first = each
		}
		b.say("window of %s: %.2f CPU-µs per click; exact", w.name, each)
		s.table = append(s.table, []string{w.name, count(n), figure(each), figure(each / first)})
	}
	s.after = "Flat is the bar: what a click costs must not grow with the window."
	return s, nil
}
