// Package premiumdrop tells when the premium of somebody we know has fallen.
//
// A dimension holds, per id, the premium that was last known. A record of a new premium is compared with it: one
// that lies more than 15 % below is an alert. In the same step the new premium takes the place of the old one,
// and the owner of the dimension is told.
//
//	raw_info ----------------------+
//	                               +-> last premium per id -> wechat_activity_user, raw_info_updates
//	dh_prd_dm_account_wechat_trace-+
//
// The dimension is bootstrapped: at a first start it is read in whole before the first record meets it.
//
// Read on in update.go (what comes in), dimension.go (what is known) and alert.go (what goes out).
package premiumdrop

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Config holds what differs between installations. Its zero value is one that works.
type Config struct {
	// Zone is that of updated_at, and of nothing else. nil: Asia/Shanghai.
	Zone *time.Location
	// From leaves out records whose gmt_modified lies before it, or that have none, before anything else looks
	// at them. Zero: all are kept. The dimension is kept in whole.
	From time.Time
	// Retain is for how long a row of the dimension is kept after it was last written. 0: for ever, which is
	// what the binary does: an id that is forgotten gives no alerts.
	Retain time.Duration
	// Ratio is how much of a premium must be left: below it is an alert. More than 0, at most 1. 0:
	// DefaultRatio.
	Ratio decimal.Decimal
}

// DefaultRatio alerts when more than 15 % are gone.
var DefaultRatio = decimal.New(85, -2)

// ParseRatio reads a ratio from text, exactly.
func ParseRatio(text string) (decimal.Decimal, error) {
	ratio, err := codecs.ParseDecimal(text)
	if err != nil {
		return ratio, fmt.Errorf("the ratio %w", err)
	}
	return ratio, checkRatio(ratio)
}

func checkRatio(r decimal.Decimal) error {
	if r.IsPositive() && !r.GreaterThan(decimal.New(1, 0)) {
		return nil
	}
	return fmt.Errorf("the ratio is %s: it must be more than 0 and at most 1", r)
}

// shanghai is Asia/Shanghai since 1991; as a value, so that nothing has to be read from a disk.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// The inputs: records of premiums, and the dimension, as other programs write them. What counts is the order in
// which they arrive; event time is when they did.
var (
	Traces  = stream.NewTopic[stream.Unkeyed]("dh_prd_dm_account_wechat_trace", TraceRecords, nil)
	RawInfo = stream.NewTopic[stream.Unkeyed]("raw_info", RawRecords, nil, stream.Bootstrap())
)

// The topics and the table between inputs and outputs, and the outputs.
var (
	TracesByID  = stream.NewTopic[ID]("premiumdrop-traces-by-id", codecs.Compact[Trace](1), nil)
	RawInfoByID = stream.NewTopic[ID]("premiumdrop-raw-info-by-id", codecs.Compact[RawRecord](1), nil)
	Dimension   = tables.New[ID]("premiumdrop-dimension", codecs.Compact[Known](1))

	Alerts         = stream.NewTopic[ID]("wechat_activity_user", codecs.JSON[Alert](), nil)
	RawInfoUpdates = stream.NewTopic[ID]("raw_info_updates", codecs.JSON[RawUpdate](), nil)
)

// Topology reads Traces and RawInfo, and writes Alerts and RawInfoUpdates.
func Topology(c Config) (*stream.Topology, error) {
	if c.Zone == nil {
		c.Zone = shanghai
	}
	if c.Ratio.IsZero() {
		c.Ratio = DefaultRatio
	}
	if err := checkRatio(c.Ratio); err != nil {
		return nil, fmt.Errorf("topology premiumdrop: %w", err)
	}
	t := stream.New("premiumdrop")
	table := Dimension
	table.Retain = c.Retain

	rows := stream.UpsertsFrom(t, RawInfo, RawInfoByID, rawKey)
	traces := stream.MapValues(stream.From(t, Traces).Filter(c.since), newTrace)
	byID := stream.KeyBy(traces, TracesByID, Trace.key)

	dimension := stream.NewProcessor(t, table)
	stream.OnUpsert(dimension, rows, learn)
	w := watch{c, stream.OutputOf(dimension, RawInfoUpdates)}
	stream.On(dimension, byID, w.compare).To(Alerts)

	return t.Build()
}

// since reports whether a record counts from c.From on.
func (c Config) since(r TraceRecord) bool {
	return c.From.IsZero() || r.Modified.Valid && r.Modified.V >= c.From.UnixMilli()
}
