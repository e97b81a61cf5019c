package premiumdrop

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

// RawRecord is a row of the dimension as its owner writes it. Any field may be missing.
type RawRecord struct {
	ID      codecs.Bigint `cbor:"1,keyasint,omitzero"`
	Premium codecs.Text   `cbor:"2,keyasint,omitzero"`
	Info    codecs.Text   `cbor:"3,keyasint,omitzero"`
	Version codecs.Bigint `cbor:"4,keyasint,omitzero"` // grows with each change of the row; null: the owner counts none
}

// RawRecords reads and writes the JSON of the dimension's topic.
var RawRecords = codecs.Object(
	codecs.BigintField("id", func(r *RawRecord) *codecs.Bigint { return &r.ID }),
	codecs.TextField("raw_premium", func(r *RawRecord) *codecs.Text { return &r.Premium }),
	codecs.TextField("raw_info", func(r *RawRecord) *codecs.Text { return &r.Info }),
	codecs.BigintField("version", func(r *RawRecord) *codecs.Bigint { return &r.Version }),
)

// rawKey is the id of a row: the one in its value. A tombstone has the id in the record's key, as a number or
// as an object:
//
//	7, " 7 ", {"id":7}, {"id":"7"}      7
func rawKey(record stream.Unkeyed, r *RawRecord) (ID, error) {
	if r == nil {
		return deletedID(strings.TrimSpace(string(record)))
	}
	if !r.ID.Valid {
		return "", errNoID
	}
	if r.Version.V == math.MaxInt64 {
		return "", errVersion
	}
	return idOf(r.ID.V), nil
}

var errNoID = errors.New("id is missing")

var errVersion = errors.New("version 9223372036854775807 leaves none for the next change")

func deletedID(key string) (ID, error) {
	if strings.HasPrefix(key, "{") {
		r, err := RawRecords.Decode([]byte(key))
		if err != nil || !r.ID.Valid {
			return "", fmt.Errorf("the key %.64q of the row to be deleted has no id", key)
		}
		return idOf(r.ID.V), nil
	}
	id, err := codecs.ParseBigint(key)
	if err != nil {
		return "", fmt.Errorf("the key of the row to be deleted: %w", err)
	}
	return idOf(id), nil
}

// Known is what is known of an id: a row of the dimension, as its owner wrote it or as a trace left it.
type Known struct {
	Premium codecs.Text `cbor:"1,keyasint,omitzero" json:"raw_premium"`
	Info    codecs.Text `cbor:"2,keyasint,omitzero" json:"raw_info"`
	Version int64       `cbor:"3,keyasint,omitzero" json:"version"` // of the owner's record, or one more for each trace after it
}

// nothing is what flows on from the dimension itself.
type nothing struct{}

// learn takes over a row from its owner, unless what we have is as new: our own update comes back that way.
//
//	version 3 held    version 2 or 3 comes    stays (counted as skipped)
//	version 3 held    version 4 comes         taken over
//	version 3 held    one without a version   taken over, as version 3
func learn(c *stream.Context[ID, Known], r *RawRecord) ([]nothing, error) {
	if r == nil {
		c.Row = nil
		return nil, nil
	}
	next := Known{Premium: r.Premium, Info: r.Info, Version: r.Version.V}
	switch {
	case c.Row == nil:
	case !r.Version.Valid:
		next.Version = c.Row.Version
	case r.Version.V <= c.Row.Version:
		return nil, stream.ErrSkip
	}
	c.Row = &next
	return nil, nil
}
