package lastpage

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// Visit is a log record. Any field may be missing.
type Visit struct {
	LogTime codecs.Bigint `cbor:"1,keyasint,omitzero"` // s or ms since 1970, see millis
	Device  codecs.Text   `cbor:"2,keyasint,omitzero"`
	Account codecs.Text   `cbor:"3,keyasint,omitzero"`
	Kind    codecs.Text   `cbor:"4,keyasint,omitzero"`
	Page    codecs.Text   `cbor:"5,keyasint,omitzero"`
}

// VisitRecords reads and writes the JSON of the input topic.
var VisitRecords = codecs.Object(
	codecs.BigintField("log_time", func(v *Visit) *codecs.Bigint { return &v.LogTime }),
	codecs.TextField("device_id", func(v *Visit) *codecs.Text { return &v.Device }),
	codecs.TextField("account_id", func(v *Visit) *codecs.Text { return &v.Account }),
	codecs.TextField("bury_point_type", func(v *Visit) *codecs.Text { return &v.Kind }),
	codecs.TextField("page_name", func(v *Visit) *codecs.Text { return &v.Page }),
)

// known reports whether somebody was logged in. A visit of nobody is left out.
func (v Visit) known() bool { return v.Account.Valid }

// secondsBelow is where seconds end and milliseconds begin: as seconds it is in the year 5138, as
// milliseconds in 1973. The reference does not say which of the two log_time is.
const secondsBelow = 100_000_000_000

// endOfTime is the end of the year 9999, in ms.
const endOfTime = 253_402_300_800_000

// millis is log_time in ms; null if it is missing.
//
//	1604851200      2020-11-08 16:00:00 UTC
//	1604851200123   2020-11-08 16:00:00.123 UTC
func (v Visit) millis() (codecs.Bigint, error) {
	switch n := v.LogTime.V; {
	case n < 0 || n >= endOfTime:
		return codecs.Bigint{}, fmt.Errorf("log_time %d is no time in seconds or milliseconds since 1970", n)
	case n < secondsBelow:
		return codecs.Bigint{V: n * 1000, Valid: v.LogTime.Valid}, nil
	default:
		return v.LogTime, nil
	}
}

// loggedAt is the record's event time. Zero: it is not known, or the record is left out anyway.
func (v Visit) loggedAt() (time.Time, error) {
	if !v.known() {
		return time.Time{}, nil
	}
	at, err := v.millis()
	if err != nil || !at.Valid {
		return time.Time{}, err
	}
	return time.UnixMilli(at.V), nil
}

// Device is the key of an account on a device: account_id|device_id. The prefix account_id| finds all
// devices of an account. Visits without a device_id share one, null.
type Device string

func (v Visit) device() (Device, error) {
	return tables.JoinKey[Device](tables.Part(v.Account), tables.Part(v.Device))
}
