package cdc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Capture says what is copied, and how it is written. It is read from JSON.
type Capture struct {
	// Name of the capture, part of the transactional id: of all processes with one name, the youngest lives. It is
	// stored. Default: the topic.
	Name string `json:"name,omitempty"`
	// Table in the database that the connection names.
	Table string `json:"table"`
	// Topic that the rows are written to.
	Topic string `json:"topic"`
	// Cleanup is the topic's cleanup.policy: "compact" (default), or "delete" for a table that is only inserted into.
	Cleanup string `json:"cleanup,omitempty"`
	// KeyPrefix and ValuePrefix are put before the names of columns that have no name of their own.
	KeyPrefix   string `json:"key_prefix,omitempty"`
	ValuePrefix string `json:"value_prefix,omitempty"`
	// Key are the columns of the record's key, in this order. They must be the primary key or those of a unique
	// index, and never null. Default: the primary key.
	Key []Column `json:"key,omitempty"`
	// Columns are those of the value, in this order. Default: all of the table's.
	Columns []Column `json:"columns,omitempty"`
	// Zone is where the DATETIME columns that become timestamps are at home. Default: UTC. TIMESTAMP needs none.
	Zone string `json:"zone,omitempty"`
}

// Column is a column of the table as a field of the record.
type Column struct {
	// Column is its name in the table.
	Column string `json:"column"`
	// Field is its name in the record. Default: the prefix and the column's name.
	Field string `json:"field,omitempty"`
	// As is how it is written: number, text, timestamp-ms or base64. Default: what suits the type, see FormOf.
	As string `json:"as,omitempty"`
}

// Topics of Kafka are named like this; the position's has a suffix more.
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,230}$`)

// Read takes a capture by the name of one that is built in, or from a file.
func Read(nameOrFile string) (Capture, error) {
	if c, found := BuiltIn(nameOrFile); found {
		return c.complete(), c.complete().check()
	}
	b, err := os.ReadFile(nameOrFile)
	if err != nil {
		return Capture{}, fmt.Errorf("capture %q is neither built in (%s) nor a file: %w", nameOrFile, strings.Join(builtInNames(), ", "), err)
	}
	c, err := Parse(b)
	if err != nil {
		return c, fmt.Errorf("capture file %s: %w", nameOrFile, err)
	}
	return c, nil
}

// Parse reads a capture's JSON. Fields that it does not know are mistakes.
func Parse(b []byte) (Capture, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var c Capture
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("read the capture: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("read the capture: there is something behind its end")
	}
	c = c.complete()
	return c, c.check()
}

func (c Capture) complete() Capture {
	c.Name = cmp.Or(c.Name, c.Topic)
	c.Cleanup = cmp.Or(c.Cleanup, "compact")
	c.Zone = cmp.Or(c.Zone, "UTC")
	return c
}

// check returns all mistakes that can be seen without the table.
func (c Capture) check() error {
	var errs []error
	if c.Table == "" {
		errs = append(errs, errors.New("table is missing"))
	}
	if !topicName.MatchString(c.Topic) {
		errs = append(errs, fmt.Errorf("topic %q: a name of letters, digits, '.', '_' and '-' is needed", c.Topic))
	}
	if c.Cleanup != "compact" && c.Cleanup != "delete" && c.Cleanup != "compact,delete" {
		errs = append(errs, fmt.Errorf(`cleanup %q: want "compact", "delete" or "compact,delete"`, c.Cleanup))
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		errs = append(errs, fmt.Errorf("zone: %w", err))
	}
	errs = append(errs, checkColumns("key", c.Key, c.KeyPrefix), checkColumns("columns", c.Columns, c.ValuePrefix))
	return errors.Join(errs...)
}

func checkColumns(what string, columns []Column, prefix string) error {
	var errs []error
	var fields []string
	for _, c := range columns {
		field := cmp.Or(c.Field, prefix+c.Column)
		if c.Column == "" {
			errs = append(errs, fmt.Errorf("%s: a column has no name", what))
		}
		if slices.Contains(fields, field) {
			errs = append(errs, fmt.Errorf("%s: field %s is there twice", what, field))
		}
		fields = append(fields, field)
		if c.As != "" && !slices.Contains(forms, Form(c.As)) {
			errs = append(errs, fmt.Errorf("%s: column %s as %q: want one of %v", what, c.Column, c.As, forms))
		}
	}
	return errors.Join(errs...)
}
