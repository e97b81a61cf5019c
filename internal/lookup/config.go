package lookup

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says what is served and within which bounds. Zeros mean the defaults.
type Config struct {
	Tables []Table // each name once; none is allowed, then there is nothing to read

	Metrics prometheus.Registerer // nil: the metrics are counted but not registered
	Log     *slog.Logger          // nil: nothing is logged

	MaxWatchers  int           // watchers at a time, all tables together; 0: 1000
	WatchBuffer  int           // changes that may wait for one watcher before it is dropped; 0: 1024
	Heartbeat    time.Duration // how often a quiet watch sends a comment; 0: 15 s
	WriteTimeout time.Duration // for one write to a watcher, and for an answer after a wait; 0: 10 s

	MaxWaiters int           // requests at a time that wait for their min_position; 0: 1000
	MaxWait    time.Duration // the longest wait a request may ask for; 0: 30 s
}

// defaultWait is how long a request waits for its min_position unless it says.
const defaultWait = 5 * time.Second

func (c Config) withDefaults() Config {
	c.MaxWatchers = orElse(c.MaxWatchers, 1000)
	c.WatchBuffer = orElse(c.WatchBuffer, 1024)
	c.Heartbeat = orElse(c.Heartbeat, 15*time.Second)
	c.WriteTimeout = orElse(c.WriteTimeout, 10*time.Second)
	c.MaxWaiters = orElse(c.MaxWaiters, 1000)
	c.MaxWait = orElse(c.MaxWait, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func orElse[N int | time.Duration](n, instead N) N {
	if n > 0 {
		return n
	}
	return instead
}

// byName indexes the tables, and refuses names that no path could reach.
func byName(tables []Table) (map[string]Table, error) {
	named := make(map[string]Table, len(tables))
	for _, table := range tables {
		name := table.Info().Name
		if name == "" || strings.Contains(name, "/") {
			return nil, fmt.Errorf("lookup: table %q (topic %s): a table's name is not empty and has no '/'", name, table.Info().Topic)
		}
		if named[name] != nil {
			return nil, fmt.Errorf("lookup: table %s is given twice: each name once", name)
		}
		named[name] = table
	}
	return named, nil
}
