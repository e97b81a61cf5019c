package task

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// NoTime is an event time or watermark that is not known (yet): minus infinity. EndOfTime is plus infinity.
const (
	NoTime    int64 = math.MinInt64
	EndOfTime int64 = math.MaxInt64
)

// Record is an input record. Key, Value and Headers are only valid while it is processed.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []Header
	Timestamp int64 // Kafka's, in ms
}

// Header is a record header.
type Header struct{ Key, Value []byte }

// Out is a record to be written: to a topic's partition or, in a changelog, to the task's own.
type Out struct {
	Key     []byte
	Value   []byte // nil: tombstone
	Time    int64  // Kafka timestamp in ms
	Headers []Header
}

// HeaderName is the one header of internal topics; see stamp.
const HeaderName = "tributary"

var headerName = []byte(HeaderName)

// stamp travels with every record of an internal topic: the record's times, and what its sender knows of
// time. Wire format, version 1: byte version, byte flags, varint event (ms), varint ingest-event, then the
// sender: 4 bytes group, uvarint partition, uvarint of; varint event-watermark if there is one; uvarint of the
// idle advance in it if there is one.
type stamp struct {
	event, ingest int64
	group         uint32
	partition, of int32
	watermark     int64 // as of before this record
	advance       int64 // how much of it is an idle advance, ms
	idle          bool
	complete      bool // the sender has passed on all of the table it is bootstrapped with; see bootstrap.go
}

const (
	stampVersion  = 1
	flagWatermark = 1
	flagIdle      = 2
	flagEnd       = 4 // watermark is EndOfTime
	flagComplete  = 8
	flagAdvance   = 16
)

// maxSenders bounds what a damaged header can make us allocate; Kafka has no topics with so many partitions.
const maxSenders = 1 << 20

var errStamp = errors.New("the record's header \"" + HeaderName + "\" is missing or not of this version: only Tributary writes this topic")

func (s *stamp) append(b []byte) []byte {
	flags := byte(0)
	switch s.watermark {
	case NoTime:
	case EndOfTime:
		flags |= flagEnd
	default:
		flags |= flagWatermark
		if s.advance > 0 {
			flags |= flagAdvance
		}
	}
	if s.idle {
		flags |= flagIdle
	}
	if s.complete {
		flags |= flagComplete
	}
	b = append(b, stampVersion, flags)
	b = binary.AppendVarint(b, s.event)
	b = binary.AppendVarint(b, s.ingest-s.event)
	b = binary.BigEndian.AppendUint32(b, s.group)
	b = binary.AppendUvarint(b, uint64(s.partition))
	b = binary.AppendUvarint(b, uint64(s.of))
	if flags&flagWatermark != 0 {
		b = binary.AppendVarint(b, s.event-s.watermark)
	}
	if flags&flagAdvance != 0 {
		b = binary.AppendUvarint(b, uint64(s.advance))
	}
	return b
}

func (s *stamp) parse(b []byte) error {
	if len(b) < 2 || b[0] != stampVersion {
		return errStamp
	}
	flags := b[1]
	r := reader{b: b[2:]}
	s.event = r.varint()
	s.ingest = s.event + r.varint()
	s.group = r.uint32()
	s.partition, s.of = int32(r.uvarint()), int32(r.uvarint())
	s.idle, s.complete = flags&flagIdle != 0, flags&flagComplete != 0
	switch {
	case flags&flagWatermark != 0:
		s.watermark = s.event - r.varint()
		if flags&flagAdvance != 0 {
			s.advance = r.span()
		}
	case flags&flagEnd != 0:
		s.watermark = EndOfTime
	default:
		s.watermark = NoTime
	}
	if r.bad || s.partition < 0 || s.partition >= s.of || s.of > maxSenders {
		return errStamp
	}
	return nil
}

// reader takes numbers off a byte slice and remembers whether it ran out.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.skip(n)
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.skip(n)
	return v
}

// span is a length of time in ms; a damaged one is not taken for an age.
func (r *reader) span() int64 {
	v := r.uvarint()
	if v > maxSpan {
		r.bad = true
		return 0
	}
	return int64(v)
}

// maxSpan is some thousand years, in ms.
const maxSpan = 1 << 47

func (r *reader) uint32() uint32 {
	if len(r.b) < 4 {
		r.bad = true
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

// text is a string behind its length.
func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) skip(n int) {
	if n <= 0 {
		r.bad, r.b = true, nil
		return
	}
	r.b = r.b[n:]
}

// ms is t in milliseconds; the zero time is NoTime.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return NoTime
	}
	return t.UnixMilli()
}

// TimeOf is the inverse of ms, in UTC.
func TimeOf(ms int64) time.Time {
	if ms == NoTime {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// kafkaTime is the timestamp of a record we write: brokers refuse times far ahead of their clock, and
// negative ones mean "none".
func kafkaTime(event, now int64) int64 { return max(0, min(event, now)) }
