package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMedianIsTheMiddle(t *testing.T) {
	same := func(x float64) float64 { return x }
	for _, c := range []struct {
		xs   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 4}, 4}, {[]float64{9, 1, 4, 5}, 4.5}} {
		if got := median(c.xs, same); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.xs, got, c.want)
		}
	}
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	xs := make([]int, 100)
	for i := range xs {
		xs[i] = i + 1
	}
	for p, want := range map[float64]int{0: 1, 1: 1, 50: 50, 99: 99, 99.5: 100, 100: 100} {
		if got := percentile(xs, p); got != want {
			t.Errorf("p%v is %d, want %d", p, got, want)
		}
	}
	if got := percentile([]int{7}, 99); got != 7 {
		t.Errorf("p99 of one value is %d", got)
	}
}

func TestCountsHaveCommas(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -999: "-999", 1234567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}

func TestLinesAreBrokenBetweenWords(t *testing.T) {
	text := strings.Repeat("wordword ", 30)
	lines := strings.Split(wrap(text), "\n")
	for _, l := range lines {
		if len(l) > lineWidth || strings.TrimSpace(l) != l {
			t.Errorf("%q", l)
		}
	}
	if len(lines) != 3 || strings.Join(lines, " ") != strings.TrimSpace(text) {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

func TestUsageIsReadBehindAnyProgramName(t *testing.T) {
	stat := "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 13 14"
	status := "Name:\tx\nVmHWM:\t 2048 kB\nVmRSS:\t 1024 kB\n"
	got, err := parseUsage([]byte(stat), []byte(status))
	if want := (usage{cpu: 3, rss: 1 << 20, peak: 2 << 20}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := parseUsage([]byte("7 (x) S 1"), nil); err == nil {
		t.Error("a short line is not noticed")
	}
}

func TestOurOwnUsageGrowsWithWork(t *testing.T) {
	before, err := usageOf(os.Getpid())
	if err != nil {
		t.Skip(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		for range 1000 {
			json.Valid([]byte(note))
		}
		if after, err := usageOf(os.Getpid()); err != nil || after.cpu > before.cpu && after.peak > 0 {
			return
		}
	}
	t.Error("10 s of work cost no CPU time")
}

func TestTheReportShowsTablesAndWhereTheyCameFrom(t *testing.T) {
	r := report{machine: machine{cores: 2, processor: "Abacus", revision: "v1"}, args: []string{"-rounds", "5"}, took: time.Minute}
	r.add(section{title: "A part", text: "What it is.", table: [][]string{{"", "figure"}, {"us", "1"}}, after: "So it is."})
	text := r.markdown()
	for _, want := range []string{"## A part", "|  | figure |\n|---|---|\n| us | 1 |", "So it is.", "2 cores of Abacus", "go run ./bench -rounds 5", "Tributary v1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
