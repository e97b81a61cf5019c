// Package lastpage keeps the page that each account saw last, per device.
//
// A log record says where an account was: the kind of place, the page, or only one of the two. The topology
// keeps the last known value of each.
//
//	edw_zy_evt_bury_point_log -> last values per (account, device) -> user_last_log
//
// Read on in visit.go (what comes in) and page.go (what is kept and goes out).
package lastpage

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Config holds what differs between installations. Its zero value is one that works.
type Config struct {
	// Zone is that of updated_at, and of nothing else. nil: Asia/Shanghai.
	Zone *time.Location
	// From leaves out records logged before it, or at no known time, before anything else looks at them.
	// Zero: all are kept.
	From time.Time
	// Retain is for how long after its last record a device is remembered; records that are older than that
	// are dead letters. 0: for ever, and the state grows for ever. DefaultRetain is what the binary uses.
	Retain time.Duration
	// Order says which of two values is the last. "": ByLogTime.
	Order Order
}

// DefaultRetain is a week.
const DefaultRetain = 7 * 24 * time.Hour

// Order is a way to tell the last value.
type Order string

// The orders. ByArrival is the reference's: there an old record that arrives late hides a new page.
const (
	ByLogTime Order = "log_time" // the larger log_time; equal ones and none at all: by arrival
	ByArrival Order = "arrival"  // log_time is not looked at; event time is when a record arrived
)

// shanghai is Asia/Shanghai since 1991; as a value, so that nothing has to be read from a disk.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Visits is the input: log records, as other programs write them.
func Visits(o Order) stream.Topic[stream.Unkeyed, Visit] {
	var loggedAt func(Visit) (time.Time, error)
	if o != ByArrival {
		loggedAt = Visit.loggedAt
	}
	return stream.NewTopic[stream.Unkeyed]("edw_zy_evt_bury_point_log", VisitRecords, loggedAt)
}

// The topic and the table between input and output, and the output.
var (
	VisitsByDevice = stream.NewTopic[Device]("lastpage-visits-by-device", codecs.Compact[Visit](1), nil)
	LastVisits     = tables.New[Device]("lastpage-visits", codecs.Compact[LastVisit](1))

	UserLastLog = stream.NewTopic[Device]("user_last_log", codecs.JSON[LastPage](), nil)
)

// Topology reads Visits and keeps UserLastLog.
func Topology(c Config) (*stream.Topology, error) {
	if c.Zone == nil {
		c.Zone = shanghai
	}
	if c.Order == "" {
		c.Order = ByLogTime
	}
	if c.Order != ByLogTime && c.Order != ByArrival {
		return nil, fmt.Errorf("topology lastpage: the order is %q: it must be %s or %s", string(c.Order), ByLogTime, ByArrival)
	}
	t := stream.New("lastpage")

	visits := stream.From(t, Visits(c.Order)).Filter(Visit.known).Filter(c.since)
	byDevice := stream.KeyBy(visits, VisitsByDevice, Visit.device)
	last := stream.Fold(byDevice, retain(LastVisits, c), c.remember)
	stream.MapRows(last, c.lastPage).To(UserLastLog)

	return t.Build()
}

// since reports whether a record counts from c.From on.
func (c Config) since(v Visit) bool {
	if c.From.IsZero() {
		return true
	}
	at, err := v.loggedAt()
	return err == nil && v.LogTime.Valid && !at.Before(c.From)
}

// remember takes over what a record says.
func (c Config) remember(_ stream.Record, held *LastVisit, v Visit) (*LastVisit, error) {
	var known LastVisit
	if held != nil {
		known = *held
	}
	if c.Order == ByArrival {
		next := known.undated().after(v, codecs.Bigint{})
		return &next, nil
	}
	at, err := v.millis()
	if err != nil {
		return nil, err
	}
	next := known.after(v, at)
	return &next, nil
}

func retain(t tables.Table[Device, LastVisit], c Config) tables.Table[Device, LastVisit] {
	t.Retain = c.Retain
	return t
}
