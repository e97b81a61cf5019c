package premiumdrop

import (
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

// Alert is a row of wechat_activity_user: the last alert of an id.
type Alert struct {
	ID         int64       `json:"id"`
	RawInfo    codecs.Text `json:"raw_info"`
	NowInfo    codecs.Text `json:"now_info"`
	RawPremium codecs.Text `json:"raw_premium"` // as it was written
	NowPremium string      `json:"now_premium"` // the same
	UpdatedAt  string      `json:"updated_at"`  // when the record that made the alert arrived: RFC 3339, ms
}

// RawUpdate tells the owner of the dimension what a row has become. It can be read as a RawRecord: one that
// comes back changes nothing.
type RawUpdate struct {
	ID        int64       `json:"id"`
	Premium   string      `json:"raw_premium"`
	Info      codecs.Text `json:"raw_info"`
	Version   int64       `json:"version"`
	UpdatedAt string      `json:"updated_at"`
}

// rfc3339Milli is RFC 3339 with milliseconds, always three.
const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

// watch compares traces with what is known.
type watch struct {
	Config
	updates stream.Output[ID, RawUpdate]
}

// compare is one step: it reads the row, decides, and puts the trace in its place. A trace of an id that is not
// known is counted as skipped.
//
//	known 100 "a"     trace 84 "b"    alert (100 "a", 84 "b"), known 84 "b"
//	known 84 "b"      trace 84 "b"    nothing
//	known 100 "a"     trace 85 "b"    known 85 "b"
func (w watch) compare(c *stream.Context[ID, Known], t Trace) ([]Alert, error) {
	if c.Row == nil {
		return nil, stream.ErrSkip
	}
	was, arrived := *c.Row, c.Record().Arrived.In(w.Zone).Format(rfc3339Milli)
	if next := was.after(t); next != was {
		c.Row = &next
		if err := w.updates.Send(c, c.Key, RawUpdate{t.ID.V, t.Premium, t.Info, next.Version, arrived}); err != nil {
			return nil, err
		}
	}
	fell, err := w.fell(was, t)
	if err != nil || !fell {
		return nil, err
	}
	return []Alert{{t.ID.V, was.Info, t.Info, was.Premium, t.Premium, arrived}}, nil
}

// after is what is known after a trace: a version more, if anything is new.
func (k Known) after(t Trace) Known {
	next := Known{codecs.NotNull(t.Premium), t.Info, k.Version}
	if next != k {
		next.Version++
	}
	return next
}

// fell compares exactly: what lies at the ratio has not fallen below it. A premium that is not known, or is no
// number, has nothing to fall from.
func (w watch) fell(was Known, t Trace) (bool, error) {
	now, err := t.amount()
	if err != nil {
		return false, err
	}
	raw, err := codecs.ParseDecimal(was.Premium.V)
	if err != nil {
		return false, nil
	}
	return now.LessThan(raw.Mul(w.Ratio)), nil
}
