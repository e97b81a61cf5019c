// Command patterns looks for the click patterns in files of JSON lines, with nothing but memory below it: no brokers,
// no disk, one goroutine. It prints a JSON line per run; the second run of a process is the warm one.
//
// It is the product's own work: decoding, keys, time, the automata, rows and events encoded for a changelog with each
// cut, the default cache. What a changelog, a topic and LevelDB would do is left out.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type program struct {
	Data     string        `help:"Folder of JSON lines: a file for each partition." required:"" type:"existingdir"`
	Pattern  string        `help:"Name of a pattern, all for the five in one topology, or clickalerts for the whole use case." default:"all"`
	Within   time.Duration `help:"Window of abandoned-cart instead of its own. 0: its own."`
	Runs     int           `help:"How often." default:"2"`
	CutEvery int           `help:"Records of a task between two cuts." default:"2000"`
	Profile  string        `help:"Write a CPU profile of the last run to this file. Default: none." type:"path"`
}

// outcome is what is printed of a run.
type outcome struct {
	Run     int              `json:"run"`
	Seconds float64          `json:"seconds"`
	CPU     float64          `json:"cpu"`     // seconds, garbage collection included
	Records int              `json:"records"` // read
	Alerts  int              `json:"alerts"`  // written
	Keys    int              `json:"keys"`    // that the local stores hold in the end
	Found   map[string]found `json:"found"`
}

func main() {
	p := new(program)
	kong.Parse(p, kong.Name("patterns"), kong.Description("Looks for patterns in clicks, in memory."))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // as the product's programs do
	}
	for run := range p.Runs {
		o, err := p.run(run+1 == p.Runs)
		if err == nil {
			o.Run = run + 1
			err = json.NewEncoder(os.Stdout).Encode(o)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "patterns: %v\n", err)
			os.Exit(1)
		}
	}
}

func (p *program) run(last bool) (o outcome, err error) {
	o.Found = map[string]found{}
	t, err := p.topology(o.Found)
	if err != nil {
		return o, err
	}
	in, err := openClicks(p.Data)
	if err != nil {
		return o, err
	}
	defer in.close()
	e, err := newEngine(t.Plan(), p.CutEvery)
	if err != nil {
		return o, err
	}
	runtime.GC() // what the run before left behind is not ours
	if last && p.Profile != "" {
		stop, err := profile(p.Profile)
		if err != nil {
			return o, err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	cpu, began := cpuSeconds(), time.Now()
	if o.Records, err = e.run(in); err != nil {
		return o, err
	}
	o.Seconds, o.CPU = time.Since(began).Seconds(), cpuSeconds()-cpu
	o.Alerts, o.Keys = e.results, e.keys()
	return o, e.dead()
}

// cpuSeconds are those of the process so far, user and system.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // it fails for wrong arguments only
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func profile(path string) (stop func() error, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
