package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/tributary-go/tributary/integration/brokers"
)

// Level is a quantity that was sampled throughout a run, in bytes.
type Level struct {
	Name    string
	Samples []int64 // at equal intervals
	// Segments: these are Kafka's files, of which only whole segments (1 GB by default) are deleted or compacted. They are
	// shown and not judged.
	Segments bool
}

// quarter is the mean of the n-th quarter of the samples, from 1 to 4.
func (l Level) quarter(n int) int64 {
	part := l.Samples[(n-1)*len(l.Samples)/4 : n*len(l.Samples)/4]
	var sum int64
	for _, b := range part {
		sum += b
	}
	return sum / max(1, int64(len(part)))
}

// slack is what a level may rise beside a tenth: allocators and segments of files are not finer.
const slack = 8 << 20

// Flat reports whether the last quarter is not above the second: by no more than a tenth and some megabytes. The first
// does not count, caches fill in it.
func (l Level) Flat() bool { return l.Segments || l.quarter(4) <= l.quarter(2)+l.quarter(2)/10+slack }

func (l Level) String() string {
	verdict := "level"
	switch {
	case l.Segments:
		verdict = "not judged: Kafka's segments"
	case !l.Flat():
		verdict = "rising"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", l.Name, megabytes(l.quarter(1)), megabytes(l.quarter(2)), megabytes(l.quarter(3)), megabytes(l.quarter(4)), verdict)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// sampler takes samples beside a test.
type sampler struct {
	s      *Stage
	admin  *kadm.Client
	done   chan struct{}
	cancel context.CancelFunc
	levels []*Level
}

// sample begins. pids and directories are those of the instances that there are now.
func sample(ctx context.Context, s *Stage, every time.Duration) (*sampler, error) {
	client, err := brokers.Client(s.Cluster.Brokers())
	if err != nil {
		return nil, err
	}
	a := &sampler{s: s, admin: kadm.NewClient(client), done: make(chan struct{})}
	ctx, a.cancel = context.WithCancel(ctx)
	dir := s.path("state")
	measures := []func() (int64, error){
		func() (int64, error) { return memoryOf(dir, s.Instances[0].Name) },
		func() (int64, error) { return memoryOf(dir, "") },
		func() (int64, error) { return sizeBelow(dir) },
		func() (int64, error) { return a.logs(ctx, "-table") },
		func() (int64, error) { return a.logs(ctx, "-by-") },
	}
	for _, name := range []string{
		"memory of instance " + s.Instances[0].Name + ", which is not killed", "memory of all instances", "local stores", "changelogs", "repartition topics",
	} {
		a.levels = append(a.levels, &Level{Name: name, Segments: name == "changelogs" || name == "repartition topics"})
	}
	go a.run(ctx, every, measures)
	return a, nil
}

func (a *sampler) run(ctx context.Context, every time.Duration, measures []func() (int64, error)) {
	defer close(a.done)
	defer a.admin.Close()
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		for i, m := range measures {
			if n, err := m(); err == nil { // one is missed while a process or a file comes or goes
				a.levels[i].Samples = append(a.levels[i].Samples, n)
			}
		}
	}
}

// stop returns what was sampled. A quantity that could not be measured is left out.
func (a *sampler) stop() []Level {
	a.cancel()
	<-a.done
	var ls []Level
	for _, l := range a.levels {
		if len(l.Samples) >= 4 {
			ls = append(ls, *l)
		}
	}
	return ls
}

// memoryOf is the resident memory of the processes whose state lies below dir, from /proc; of one instance, or of all
// if name is empty.
func memoryOf(dir, name string) (int64, error) {
	state := filepath.Join(dir, name)
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, path := range found {
		line, err := os.ReadFile(path)
		if err != nil || !slices.ContainsFunc(strings.Split(string(line), "\x00"), func(arg string) bool {
			return arg == state || name == "" && strings.HasPrefix(arg, dir+"/")
		}) {
			continue
		}
		sum += residentOf(filepath.Dir(path))
	}
	if sum == 0 {
		return 0, errors.New("no process")
	}
	return sum, nil
}

// residentOf reads VmRSS; 0 of a process that has ended.
func residentOf(proc string) int64 {
	text, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	f := strings.Fields(after)
	if len(f) == 0 {
		return 0
	}
	kb, _ := strconv.ParseInt(f[0], 10, 64)
	return kb << 10
}

// sizeBelow is the size of all files below a directory. Files that go away meanwhile do not count.
func sizeBelow(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n, err
}

// logs is the size of the logs of the use case's own topics whose names hold part.
func (a *sampler) logs(ctx context.Context, part string) (n int64, err error) {
	all, err := a.admin.DescribeAllLogDirs(ctx, nil)
	if err != nil {
		return 0, err
	}
	all.Each(func(d kadm.DescribedLogDir) {
		d.Topics.Each(func(p kadm.DescribedLogDirPartition) {
			if strings.HasPrefix(p.Topic, a.s.Case.Name+"-") && strings.Contains(p.Topic, part) {
				n += p.Size
			}
		})
	})
	return n, nil
}
