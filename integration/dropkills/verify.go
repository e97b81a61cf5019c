package dropkills

import (
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/kills"
)

// Left is what a run left behind: every record of its topics, read committed, partition by partition, and its tables
// as a look-up shows them: JSON by key.
type Left struct {
	RawInfo, Events          []brokers.Record
	Updates, Alerts, Refused []brokers.Record
	Dimension, LastAlerts    map[string]string
	// Full is the end of each partition of RawInfo when the first process was started.
	Full map[int32]int64
}

// Report is what the verifier found.
type Report struct {
	Events, Rows, Echoes     int // Rows are the owner's own
	Updates, Alerts, Letters int
	Alone                    int // ids that the owner left alone after the start
	kills.Found                  // nothing: everything is as a sequential program has it
}

func (r *Report) String() string {
	return fmt.Sprintf("%d events, %d rows, %d echoes; %d alerts, %d updates, %d dead letters; %d ids without a change after the start; %v",
		r.Events, r.Rows, r.Echoes, r.Alerts, r.Updates, r.Letters, r.Alone, &r.Found)
}

// Verify looks for a sequential program that has written what was written, id by id.
func Verify(l Left) *Report {
	r := &Report{Events: len(l.Events), Updates: len(l.Updates), Alerts: len(l.Alerts), Letters: len(l.Refused)}
	hs := histories{r, map[string]*history{}}
	hs.readRows(l)
	hs.readEvents(l)
	hs.readUpdates(l.Updates)
	hs.readAlerts(l)
	hs.readDimension(l.Dimension)
	for id, h := range hs.of {
		if h.full == len(h.rows) && h.full > 0 {
			r.Alone++
		}
		if p, ok := h.explain(); !ok {
			r.Differ("id %s: no order of its %d rows (%d from the start) and %d events makes its %d updates, %d alerts and last row %v; the best one ends at %+v",
				id, len(h.rows), h.full, len(h.events), len(h.updates), len(h.alerts), h.last, p)
		}
	}
	return r
}

// histories sorts records by id.
type histories struct {
	*Report
	of map[string]*history
}

func (hs histories) id(key string) *history {
	if hs.of[key] == nil {
		hs.of[key] = &history{}
	}
	return hs.of[key]
}

// message is a record of any topic: each has some of the fields.
type message struct {
	ID         json.Number `json:"id"`
	RawPremium string      `json:"raw_premium"`
	RawInfo    string      `json:"raw_info"`
	NowPremium string      `json:"now_premium"`
	NowInfo    string      `json:"now_info"`
	Version    int64       `json:"version"`
	UpdatedAt  string      `json:"updated_at"`
}

// read reads a record that must be about the id in its key.
func (hs histories) read(what string, x brokers.Record) (message, *history) {
	var m message
	if err := json.Unmarshal(x.Value, &m); err != nil || m.ID.String() != string(x.Key) {
		hs.Differ("%s at partition %d, offset %d: %s: %s (%v)", what, x.Partition, x.Offset, x.Key, x.Value, err)
	}
	return m, hs.id(string(x.Key))
}

// readRows takes the owner's own rows. Echoes are left out, and must be updates word for word.
func (hs histories) readRows(l Left) {
	told := map[string]bool{}
	for _, x := range l.Updates {
		told[string(x.Value)] = true
	}
	for _, x := range l.RawInfo {
		if x.Value == nil {
			hs.row(l, x, nil)
			continue
		}
		m, _ := hs.read("row", x)
		switch {
		case m.UpdatedAt == "":
			hs.row(l, x, &row{m.RawPremium, m.RawInfo, m.Version})
		case told[string(x.Value)]:
			hs.Echoes++
		default:
			hs.Differ("the echo at partition %d, offset %d, is of no update: %s", x.Partition, x.Offset, x.Value)
		}
	}
}

func (hs histories) row(l Left, x brokers.Record, r *row) {
	h := hs.id(string(x.Key))
	h.rows = append(h.rows, r)
	hs.Rows++
	if x.Offset < l.Full[x.Partition] {
		h.full = len(h.rows)
	}
}

// readEvents takes the events that can be read. Each of the others must be one dead letter.
func (hs histories) readEvents(l Left) {
	letters := map[string]int{}
	for _, x := range l.Refused {
		letters[string(x.Value)]++
	}
	for _, x := range l.Events {
		m, h := hs.read("event", x)
		if _, ok := new(big.Rat).SetString(m.NowPremium); ok {
			h.events = append(h.events, event{m.NowPremium, m.NowInfo, stamp(x.Timestamp)})
			continue
		}
		if n := letters[string(x.Value)]; n != 1 {
			hs.Differ("%d dead letters of the event at partition %d, offset %d: %s", n, x.Partition, x.Offset, x.Value)
		}
		delete(letters, string(x.Value))
	}
	for value, n := range letters {
		hs.Differ("%d dead letters of %s, which can be read", n, value)
	}
}

// stamp is how results show when an event arrived, whenever they were made.
func stamp(at time.Time) string {
	return at.In(time.FixedZone("", 8*60*60)).Format("2006-01-02T15:04:05.000Z07:00")
}

// readUpdates also sees to it that versions grow, and so that none comes twice.
func (hs histories) readUpdates(records []brokers.Record) {
	for _, x := range records {
		m, h := hs.read("update", x)
		if n := len(h.updates); n > 0 && m.Version <= h.updates[n-1].version {
			hs.Differ("update at partition %d, offset %d: version %d of id %s after version %d", x.Partition, x.Offset, m.Version, x.Key, h.updates[n-1].version)
		}
		h.updates = append(h.updates, update{row{m.RawPremium, m.RawInfo, m.Version}, m.UpdatedAt})
	}
}

// readAlerts also compares the table of last alerts with its topic.
func (hs histories) readAlerts(l Left) {
	for _, x := range l.Alerts {
		m, h := hs.read("alert", x)
		h.alerts = append(h.alerts, alert{m.RawPremium, m.RawInfo, event{m.NowPremium, m.NowInfo, m.UpdatedAt}})
	}
	latest := kills.Latest(l.Alerts)
	for id := range kills.Union(latest, l.LastAlerts) {
		if want := string(latest[id]); l.LastAlerts[id] != want {
			hs.Differ("last alert of id %s: the look-up shows %s, the topic has %s", id, l.LastAlerts[id], want)
		}
	}
}

func (hs histories) readDimension(rows map[string]string) {
	for id, value := range rows {
		var m message
		if err := json.Unmarshal([]byte(value), &m); err != nil {
			hs.Differ("row of the dimension of id %s: %s: %v", id, value, err)
		}
		hs.id(id).last = &row{m.RawPremium, m.RawInfo, m.Version}
	}
}
