package lastpage

import (
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// LastVisit is what is known of an account on a device.
type LastVisit struct {
	Kind Last `cbor:"1,keyasint" json:"bury_point_type"`
	Page Last `cbor:"2,keyasint" json:"page_name"`
}

// Last is a value with the time at which it was logged, in ms. Null: it has none, or none that counts.
type Last struct {
	Value codecs.Text   `cbor:"1,keyasint,omitzero" json:"value"`
	At    codecs.Bigint `cbor:"2,keyasint,omitzero" json:"log_time"`
}

// after is what is known after a visit at a time.
//
//	10:00 page /home,  10:02 click null,  10:01 null /cart      click (10:02), /cart (10:01)
func (l LastVisit) after(v Visit, at codecs.Bigint) LastVisit {
	return LastVisit{Kind: l.Kind.or(v.Kind, at), Page: l.Page.or(v.Page, at)}
}

// undated is what is known, as if it could be of any time: what a visit says takes its place.
func (l LastVisit) undated() LastVisit {
	return LastVisit{Kind: Last{Value: l.Kind.Value}, Page: Last{Value: l.Page.Value}}
}

// or is a value in place of l, unless l is later. A null never takes the place of a value; one without a
// time loses to those with one; of equal ones the last to arrive stays.
func (l Last) or(value codecs.Text, at codecs.Bigint) Last {
	older := l.At.Valid && (!at.Valid || at.V < l.At.V)
	if !value.Valid || older {
		return l
	}
	return Last{value, at}
}

// LastPage is a row of user_last_log.
type LastPage struct {
	Account   string      `json:"account_id"`
	Device    codecs.Text `json:"device_id"`
	Kind      codecs.Text `json:"bury_point_type"`
	Page      codecs.Text `json:"page_name"`
	UpdatedAt string      `json:"updated_at"` // when the newest record that made the row arrived: RFC 3339, ms
}

// rfc3339Milli is RFC 3339 with milliseconds, always three.
const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

func (c Config) lastPage(row tables.Row[Device, LastVisit]) (LastPage, error) {
	parts, err := tables.SplitKey(row.Key)
	if err != nil {
		return LastPage{}, err
	}
	return LastPage{
		Account: parts[0].V, Device: codecs.Text(parts[1]), Kind: row.Value.Kind.Value, Page: row.Value.Page.Value,
		UpdatedAt: row.UpdatedAt.In(c.Zone).Format(rfc3339Milli),
	}, nil
}
