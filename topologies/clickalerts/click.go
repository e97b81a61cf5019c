package clickalerts

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

// ClickRecord is a row of the table of clicks as the capture writes it. Any field may be missing.
type ClickRecord struct {
	At           codecs.Bigint  `cbor:"1,keyasint,omitzero"` // ms
	Type         codecs.Text    `cbor:"2,keyasint,omitzero"`
	Product      codecs.Text    `cbor:"3,keyasint,omitzero"`
	Category     codecs.Text    `cbor:"4,keyasint,omitzero"`
	CategoryCode codecs.Text    `cbor:"5,keyasint,omitzero"`
	Brand        codecs.Text    `cbor:"6,keyasint,omitzero"`
	Price        codecs.Decimal `cbor:"7,keyasint,omitzero"`
	User         codecs.Text    `cbor:"8,keyasint,omitzero"`
	Session      codecs.Text    `cbor:"9,keyasint,omitzero"`
}

// ClickRecords reads and writes the JSON of the input topic.
var ClickRecords = codecs.Object(
	codecs.BigintField("value_eventTime", func(r *ClickRecord) *codecs.Bigint { return &r.At }),
	codecs.TextField("value_eventType", func(r *ClickRecord) *codecs.Text { return &r.Type }),
	codecs.TextField("value_productId", func(r *ClickRecord) *codecs.Text { return &r.Product }),
	codecs.TextField("value_categoryId", func(r *ClickRecord) *codecs.Text { return &r.Category }),
	codecs.TextField("value_categoryCode", func(r *ClickRecord) *codecs.Text { return &r.CategoryCode }),
	codecs.TextField("value_brand", func(r *ClickRecord) *codecs.Text { return &r.Brand }),
	codecs.DecimalField("value_price", func(r *ClickRecord) *codecs.Decimal { return &r.Price }),
	codecs.TextField("value_userId", func(r *ClickRecord) *codecs.Text { return &r.User }),
	codecs.TextField("value_userSession", func(r *ClickRecord) *codecs.Text { return &r.Session }),
)

var (
	errNoTime  = errors.New("value_eventTime is missing")
	errNoOwner = errors.New("value_userId and value_userSession are both missing or empty: nobody has clicked")
	errNoID    = errors.New(`the record's key has no "key_id": it does not say which click it is`)
)

// clicked is the record's event time.
func (r ClickRecord) clicked() (time.Time, error) {
	if !r.At.Valid {
		return time.Time{}, errNoTime
	}
	return time.UnixMilli(r.At.V).UTC(), nil
}

// The keys. Types of their own keep them from being mixed up.
type (
	ClickID   string
	SessionID string
	UserID    string
	AlertID   string
)

// keyRecord is the key of a record: {"key_id": 1}.
type keyRecord struct{ ID codecs.Bigint }

var keyRecords = codecs.Object(codecs.BigintField("key_id", func(r *keyRecord) *codecs.Bigint { return &r.ID }))

// clickID is the id of a click, from the record's key: a tombstone has no more than that.
func clickID(key stream.Unkeyed, r *ClickRecord) (ClickID, error) {
	k, err := keyRecords.Decode([]byte(key))
	if err != nil {
		return "", fmt.Errorf("the record's key: %w", err)
	}
	if !k.ID.Valid {
		return "", errNoID
	}
	if r != nil && r.User.V == "" && r.Session.V == "" {
		return "", errNoOwner
	}
	return ClickID(strconv.FormatInt(k.ID.V, 10)), nil
}

// ReadClick reads a record of the input, and refuses what the topology refuses. A row that is deleted is no click.
func ReadClick(key, value []byte) (c Click, deleted bool, err error) {
	if len(value) == 0 {
		_, err := clickID(stream.Unkeyed(key), nil)
		return c, true, err
	}
	if c.Record, err = ClickRecords.Decode(value); err != nil {
		return c, false, err
	}
	if _, err := c.Record.clicked(); err != nil {
		return c, false, err
	}
	id, err := clickID(stream.Unkeyed(key), &c.Record)
	if err != nil {
		return c, false, err
	}
	c.ID, err = strconv.ParseInt(string(id), 10, 64)
	return c, false, err
}

// Click is a click with its id.
type Click struct {
	ID     int64       `cbor:"1,keyasint"`
	Record ClickRecord `cbor:"2,keyasint"`
}

func (c Click) hasSession() bool { return c.Record.Session.V != "" }
func (c Click) hasUser() bool    { return c.Record.User.V != "" }

func (c Click) session() (SessionID, error) { return SessionID(c.Record.Session.V), nil }
func (c Click) user() (UserID, error)       { return UserID(c.Record.User.V), nil }

// is makes the condition that a click has a type.
func is(kind string) func(Click) bool {
	return func(c Click) bool { return c.Record.Type.V == kind }
}

// Seen is that a click has been taken in.
type Seen struct{}

// once lets a click pass the first time that it is seen. Snapshots that overlap with changes, updates and
// deletions of rows are counted as skipped.
func once(c *stream.Context[ClickID, Seen], r *ClickRecord) ([]Click, error) {
	if c.Row != nil || r == nil {
		return nil, stream.ErrSkip
	}
	id, err := strconv.ParseInt(string(c.Key), 10, 64)
	if err != nil {
		return nil, err
	}
	c.Row = &Seen{}
	return []Click{{id, *r}}, nil
}
