package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-go/tributary/stream"
)

// entry is a use case of the demo: its topology, and what others write to it.
type entry struct {
	name     string           // of the topology
	share    float64          // its records a second, of Config.Rate
	inputs   map[string]int32 // the topics that others write, with their partitions
	topology func(Config) (*stream.Topology, error)
	source   func(chance, *time.Location) source
}

// entries are the use cases in the order in which they start. A new one is a file of its own, and a line here.
func entries() []entry {
	return []entry{
		channelGMV(),
		coupons(),
		hourlyPremiums(),
		premiumDrops(),
		lastPages(),
		clickAlerts(),
	}
}

// source writes what a program outside Tributary would write. It is made of chance: the same seed and the same
// clock give the same records.
type source interface {
	// before are the records that are there when the use case starts.
	before(now time.Time) []record
	// next is the record that is written now.
	next(now time.Time) record
}

// record goes to the topic of an input.
type record struct {
	topic  string
	key    string // "": none
	value  []byte // nil: a tombstone
	broken bool   // rubbish, which must become a dead letter
}

// Names are those of the use cases that the demo can show.
func Names() []string {
	var names []string
	for _, e := range entries() {
		names = append(names, e.name)
	}
	return names
}

// picked are the use cases to show: those of names, or all.
func picked(names []string) ([]entry, error) {
	all := entries()
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("the demo has no %q: it has %s", name, strings.Join(Names(), ", "))
		}
	}
	return slices.DeleteFunc(all, func(e entry) bool { return !slices.Contains(names, e.name) }), nil
}
