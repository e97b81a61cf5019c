package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// part is one measurement.
type part struct {
	name, about string
	run         func(*bench, context.Context) (section, error)
}

var allParts = []part{
	{"count", "count and sum per key, beside Kafka Streams", (*bench).count},
	{"gmv", "the whole channel GMV, beside Flink SQL", (*bench).gmv},
	{"usecases", "the other use cases, each in whole", (*bench).usecases},
	{"patterns", "the click patterns in memory, beside Flink CEP", (*bench).patterns},
	{"hot", "one key that everything belongs to", (*bench).hot},
	{"transactions", "count and sum with and without transactions", (*bench).transactions},
	{"recovery", "an empty store from its changelog", (*bench).recovery},
	{"latency", "from produced to readable", (*bench).latency},
	{"sink", "results in SQL tables, beside what the servers take", (*bench).sink},
	{"capture", "a table of MySQL to Kafka", (*bench).capture},
	{"beyond", "many more keys than fit into memory, beside few", (*bench).beyond},
	{"memory", "more keys than the cache holds", (*bench).memory},
}

// options are what the command line chooses.
type options struct {
	args  []string // as given
	parts []string // empty: all
	quick bool
	peers bool

	rounds        int
	small, large  int // records of the two sizes of count
	keys          int // users in count
	streamsCache  bool
	orders        int // records of gmv
	caseRecords   int // of each of usecases
	patternClicks int // of each run of patterns
	hotOrders     int // of one buyer
	hotHolders    int // of one hour

	recoverRecords, recoverKeys int
	sinkRecords, sinkKeys       int
	captureRows                 int           // of the snapshot, and of the backlog
	rate                        int           // records per second of latency
	window                      time.Duration // of latency
	memoryRecords, memoryKeys   int
	cacheRows                   int // our --cache-rows in memory
	beyondRecords, beyondKeys   int
	beyondBytes                 int // of cached rows in beyond

	dir     string // work folder
	profile string // folder for profiles of our processes
	write   string // file for the report; "": standard output only
}

const defaultReport = "docs/benchmarks.md"

// full takes more than an hour on two cores; quick is a smoke run, whose figures mean nothing.
var (
	full = options{rounds: 3, small: 1_000_000, large: 4_000_000, keys: 100_000, orders: 1_000_000,
		caseRecords: 500_000, patternClicks: 1_000_000, hotOrders: 1_000_000, hotHolders: 5_000_000,
		recoverRecords: 2_500_000, recoverKeys: 1_000_000, sinkRecords: 400_000, sinkKeys: 100_000, captureRows: 1_000_000, rate: 2000, window: 30 * time.Second,
		memoryRecords: 10_000_000, memoryKeys: 5_000_000, cacheRows: 400_000,
		beyondRecords: 30_000_000, beyondKeys: 20_000_000, beyondBytes: 200_000_000}
	quick = options{rounds: 1, small: 50_000, large: 200_000, keys: 10_000, orders: 50_000,
		caseRecords: 20_000, patternClicks: 10_000, hotOrders: 20_000, hotHolders: 50_000,
		recoverRecords: 100_000, recoverKeys: 50_000, sinkRecords: 40_000, sinkKeys: 20_000, captureRows: 20_000, rate: 1000, window: 3 * time.Second,
		memoryRecords: 300_000, memoryKeys: 150_000, cacheRows: 20_000,
		beyondRecords: 300_000, beyondKeys: 200_000, beyondBytes: 8_000_000}
)

func parseOptions(args []string) (options, error) {
	o := full
	if slices.ContainsFunc(args, func(a string) bool { return a == "-quick" || a == "--quick" }) {
		o = quick
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	parts := f.String("parts", "", "what to measure, separated by commas: "+strings.Join(partNames(), ", ")+"; default: all")
	f.BoolVar(&o.quick, "quick", false, "a smoke run of some minutes; its figures mean nothing")
	f.BoolVar(&o.peers, "peers", true, "measure Kafka Streams and Flink too (needs Maven the first time)")
	f.IntVar(&o.rounds, "rounds", o.rounds, "rounds of count, gmv, usecases, transactions and recovery; the report gives medians")
	f.IntVar(&o.small, "small", o.small, "count: records of the smaller run")
	f.IntVar(&o.large, "large", o.large, "count: records of the larger run")
	f.IntVar(&o.keys, "keys", o.keys, "count: users")
	f.BoolVar(&o.streamsCache, "streams-cache", false, "count: measure Kafka Streams with its store cache on as well")
	f.IntVar(&o.orders, "orders", o.orders, "gmv: order records")
	f.IntVar(&o.caseRecords, "case-records", o.caseRecords, "usecases: records of each")
	f.IntVar(&o.patternClicks, "pattern-clicks", o.patternClicks, "patterns: clicks")
	f.IntVar(&o.hotOrders, "hot-orders", o.hotOrders, "hot: orders of the one buyer")
	f.IntVar(&o.hotHolders, "hot-holders", o.hotHolders, "hot: policyholders in the one hour")
	f.IntVar(&o.recoverRecords, "recover-records", o.recoverRecords, "recovery: records behind the changelog")
	f.IntVar(&o.recoverKeys, "recover-keys", o.recoverKeys, "recovery: users")
	f.IntVar(&o.sinkRecords, "sink-records", o.sinkRecords, "sink: records of each run")
	f.IntVar(&o.sinkKeys, "sink-keys", o.sinkKeys, "sink: keys")
	f.IntVar(&o.captureRows, "capture-rows", o.captureRows, "capture: rows of the snapshot, and of the backlog")
	f.IntVar(&o.rate, "rate", o.rate, "latency: records per second")
	f.DurationVar(&o.window, "window", o.window, "latency and capture: how long is measured, after a warm-up of a fifth of it")
	f.IntVar(&o.memoryRecords, "memory-records", o.memoryRecords, "memory: records")
	f.IntVar(&o.memoryKeys, "memory-keys", o.memoryKeys, "memory: users")
	f.IntVar(&o.cacheRows, "cache-rows", o.cacheRows, "memory: --cache-rows of our process")
	f.IntVar(&o.beyondRecords, "beyond-records", o.beyondRecords, "beyond: records")
	f.IntVar(&o.beyondKeys, "beyond-keys", o.beyondKeys, "beyond: users in the run that memory does not hold")
	f.IntVar(&o.beyondBytes, "beyond-bytes", o.beyondBytes, "beyond: bytes of the rows that are cached")
	f.StringVar(&o.dir, "dir", "", "folder for Kafka's data (up to 12 GB), state and logs; default: a temporary one")
	f.StringVar(&o.profile, "profile", "", "folder for CPU and heap profiles of our processes; default: none are taken")
	f.StringVar(&o.write, "write", "", "file for the report; default: "+defaultReport+" if all parts are measured in full, else none")
	if err := f.Parse(args); err != nil {
		return o, explain(f, err)
	}
	o.args = args
	if *parts != "" {
		o.parts = strings.Split(*parts, ",")
	}
	return o, o.settle(f)
}

// explain adds what flags there are.
func explain(f *flag.FlagSet, err error) error {
	var b strings.Builder
	f.SetOutput(&b)
	f.PrintDefaults()
	return fmt.Errorf("%w\nflags:\n%s", err, b.String())
}

func (o *options) settle(f *flag.FlagSet) error {
	for _, p := range o.parts {
		if !slices.Contains(partNames(), p) {
			return fmt.Errorf("-parts: there is no %q, only %s", p, strings.Join(partNames(), ", "))
		}
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 1 || o.small < 1 || o.large <= o.small || o.rate < 100 {
		return errors.New("want -rounds and -small of at least 1, -large above -small, and -rate of at least 100")
	}
	if o.caseRecords < 1000 || o.patternClicks < 1000 || o.hotOrders < 1000 || o.hotHolders < 1000 || o.beyondRecords <= o.beyondKeys || o.beyondKeys <= o.keys || o.beyondBytes < 1_000_000 {
		return errors.New("want -case-records, -pattern-clicks, -hot-orders and -hot-holders of at least 1000, -beyond-records above -beyond-keys above -keys, and -beyond-bytes of at least 1000000")
	}
	if o.sinkKeys < 1 || o.sinkRecords < o.sinkKeys || o.sinkKeys%sinkPrime == 0 || o.captureRows < 1 {
		return fmt.Errorf("want -sink-records of at least -sink-keys, which %d must not divide, and -capture-rows of at least 1", sinkPrime)
	}
	if o.write == "" && !o.quick && o.peers && o.profile == "" && len(o.parts) == 0 {
		o.write = defaultReport
	}
	return nil
}

func (o options) chosen(part string) bool { return len(o.parts) == 0 || slices.Contains(o.parts, part) }

func partNames() []string {
	names := make([]string, len(allParts))
	for i, p := range allParts {
		names[i] = p.name
	}
	return names
}
