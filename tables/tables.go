// Package tables declares keyed state: rows that Kafka backs with a changelog.
package tables

import (
	"time"

	"github.com/tributary-go/tributary/codecs"
)

// Table names the state of one processor group: a row of type A per key K. Its changelog is the Kafka topic
// Name-table, compacted.
//
// Rows are values: code that changes one puts a new value in its place and never changes what a pointer
// in the old one leads to.
type Table[K Key, A any] struct {
	Name   string
	Codec  codecs.Codec[A]
	Retain time.Duration
}

// Option changes what New declares.
type Option func(*options)

type options struct{ retain time.Duration }

// Retain forgets a row once event time has passed the business time of its latest version by d. Records
// that are older than that are too late: counted, and dead letters. 0, the default: rows stay for ever.
func Retain(d time.Duration) Option { return func(o *options) { o.retain = d } }

// New declares a table. The name is stored: changing it starts an empty one. The codec's version
// ([codecs.Versioned]) is stored too: a program that reads only older ones refuses to start.
func New[K Key, A any](name string, c codecs.Codec[A], opts ...Option) Table[K, A] {
	var o options
	for _, f := range opts {
		f(&o)
	}
	return Table[K, A]{Name: name, Codec: c, Retain: o.retain}
}

// Row is a row with its key and times.
type Row[K Key, A any] struct {
	Key       K
	Value     A
	EventTime time.Time // business time of the latest version that made the row
	UpdatedAt time.Time // newest time at which something that made the row arrived in Kafka
}

// Sub declares sub-rows: an ordered map of S that belongs to one row and is stored beside it, entry by entry,
// so that the row stays small. The name is stored.
type Sub[S any] struct {
	Name  string
	Codec codecs.Codec[S]
}

// NewSub declares sub-rows.
func NewSub[S any](name string, c codecs.Codec[S]) Sub[S] { return Sub[S]{name, c} }
