package task

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// sender is one task upstream as this task knows it: (group, partition), never an instance.
type sender struct {
	watermark int64
	advance   int64 // how much of the watermark is an idle advance, ms; 0: it comes of records
	idle      bool
	known     bool // heard of: until then it stands at minus infinity
	complete  bool // see bootstrap.go
}

// plain is the watermark without idle advances.
func (s *sender) plain() int64 { return s.watermark - s.advance }

// source is everything that writes one input topic with one group: the group's partitions. The external
// world is a source too, with a single sender: the partition itself.
type source struct {
	topic     string
	group     uint32
	senders   []sender
	bootstrap bool
	until     int64 // of an external topic that is bootstrapped: the offset at which it is complete
}

// clock is what a task knows of event time: the minimum over all senders of all its inputs. It never falls.
type clock struct {
	sources []*source
	now     int64   // the watermark; NoTime until every expected sender was heard
	plain   int64   // what the watermark would be without idle advances; never above now, and known when it is
	idle    bool    // every sender is idle
	limit   *sender // the sender that held the minimum back when it was last computed
	dirty   bool    // changed since the last cut
	whole   bool    // all bootstrapped sources are complete, or there are none
	tells   bool    // some source is bootstrapped: whether it is complete is told downstream
}

func newClock(g *Group) *clock {
	c := &clock{now: NoTime, plain: NoTime}
	for _, in := range g.Inputs {
		if !in.Topic.Kind.Internal() {
			c.sources = append(c.sources, &source{topic: in.Topic.Name, senders: []sender{{watermark: NoTime}}, bootstrap: in.Topic.Bootstrap, until: EndOfTime})
			continue
		}
		for _, w := range in.Topic.Writers {
			c.sources = append(c.sources, &source{topic: in.Topic.Name, group: SenderID(w), bootstrap: in.Topic.Bootstrap})
		}
	}
	c.whole = c.allComplete()
	c.tells = slices.ContainsFunc(c.sources, func(s *source) bool { return s.bootstrap })
	return c
}

func (c *clock) source(topic string, group uint32) *source {
	for _, s := range c.sources {
		if s.group == group && s.topic == topic {
			return s
		}
	}
	return nil
}

// hear takes in what a record or watermark record says of its sender.
func (c *clock) hear(topic string, st *stamp) {
	src := c.source(topic, st.group)
	if src == nil {
		return // a group that used to write this topic
	}
	if len(src.senders) < int(st.of) {
		for len(src.senders) < int(st.of) {
			src.senders = append(src.senders, sender{watermark: NoTime, complete: c.whole && src.bootstrap})
		}
		c.dirty = true
		c.compute() // limit may have moved, and the new ones hold time
	}
	c.update(&src.senders[st.partition], st.watermark, st.advance, st.idle)
	if st.complete && src.bootstrap {
		c.complete(&src.senders[st.partition])
	}
}

// external takes in the event time of a record of the outside world, or its silence.
func (c *clock) external(topic string, watermark int64, idle bool) {
	c.update(&c.source(topic, 0).senders[0], watermark, 0, idle)
}

// wake makes the sender of an external topic active, for a record that it has brought, and returns whether it
// was idle. A record that turns out to be none leaves it as it was: one partition full of rubbish must not
// stop time for all.
func (c *clock) wake(topic string) (idle bool) {
	s := &c.source(topic, 0).senders[0]
	if idle = s.idle; idle {
		c.update(s, NoTime, 0, false)
	}
	return idle
}

// update takes in a sender's watermark, of which advance is an idle advance. With one, the senders that hold
// back the two minima may differ.
func (c *clock) update(s *sender, watermark, advance int64, idle bool) {
	plain := max(watermark-advance, s.plain())
	watermark = max(watermark, s.watermark)
	advance = watermark - plain
	if s.known && s.watermark == watermark && s.advance == advance && s.idle == idle {
		return
	}
	held := c.limit == nil || c.limit == s || !s.known || s.idle != idle || c.plain != c.now
	s.watermark, s.advance, s.idle, s.known = watermark, advance, idle, true
	c.dirty = true
	if held {
		c.compute()
	}
}

// compute finds the minimum over the active senders. When all are idle their largest watermark counts, as
// in Flink: nobody is left to be waited for.
func (c *clock) compute() {
	lowest, highest, idle := EndOfTime, NoTime, true
	plainLowest, plainHighest := EndOfTime, NoTime
	c.limit = nil
	for _, src := range c.sources {
		if len(src.senders) == 0 {
			c.idle = false
			return
		}
		for i := range src.senders {
			s := &src.senders[i]
			if !s.known {
				c.idle, c.limit = false, s
				return
			}
			highest, plainHighest = max(highest, s.watermark), max(plainHighest, s.plain())
			if s.idle {
				continue
			}
			idle, plainLowest = false, min(plainLowest, s.plain())
			if c.limit == nil || s.watermark < lowest {
				lowest, c.limit = s.watermark, s
			}
		}
	}
	c.idle = idle
	if idle {
		lowest, plainLowest = highest, plainHighest
	}
	c.now, c.plain = max(c.now, lowest), max(c.plain, plainLowest)
}

// The versions of a stored clock. The second is written where an idle advance has left a trace.
const (
	clockVersion = 1
	clockAdvance = 2
)

// encode is the clock as a task record: version, watermark, in version 2 the one without idle advances, then per
// source its topic, group and senders.
func (c *clock) encode() []byte {
	b := binary.AppendVarint([]byte{clockVersion}, c.now)
	if c.advanced() {
		b[0] = clockAdvance
		b = binary.AppendVarint(b, c.plain)
	}
	for _, src := range c.sources {
		b = binary.AppendUvarint(b, uint64(len(src.topic)))
		b = append(b, src.topic...)
		b = binary.BigEndian.AppendUint32(b, src.group)
		b = binary.AppendUvarint(b, uint64(len(src.senders)))
		for _, s := range src.senders {
			flags := byte(0)
			if s.known {
				flags |= 1
			}
			if s.idle {
				flags |= 2
			}
			if s.complete {
				flags |= 4
			}
			if s.advance != 0 {
				flags |= 8
			}
			b = append(b, flags)
			b = binary.AppendVarint(b, s.watermark)
			if s.advance != 0 {
				b = binary.AppendUvarint(b, uint64(s.advance))
			}
		}
	}
	return b
}

var errClock = errors.New("the stored clock is damaged")

// restore takes what encode wrote; sources that are no longer declared are left out.
func (c *clock) restore(b []byte) error {
	stored, err := readClock(b)
	if err != nil {
		return err
	}
	c.now, c.plain = stored.now, stored.plain
	for _, s := range stored.sources {
		if src := c.source(s.topic, s.group); src != nil {
			src.senders = s.senders
		}
	}
	c.whole = c.allComplete()
	c.compute()
	return nil
}

// readClock is a stored clock as it stands.
func readClock(b []byte) (*clock, error) {
	if len(b) == 0 || b[0] != clockVersion && b[0] != clockAdvance {
		return nil, errClock
	}
	r := reader{b: b[1:]}
	c := &clock{now: r.varint()}
	c.plain = c.now
	if b[0] == clockAdvance {
		c.plain = min(c.now, r.varint())
	}
	for len(r.b) > 0 && !r.bad {
		src := &source{topic: r.text(), group: r.uint32(), senders: make([]sender, 0, 16)}
		for left := r.uvarint(); left > 0 && !r.bad; left-- {
			src.senders = append(src.senders, r.sender())
		}
		c.sources = append(c.sources, src)
	}
	if r.bad {
		return nil, errClock
	}
	return c, nil
}

func (r *reader) sender() sender {
	if len(r.b) == 0 {
		r.bad = true
		return sender{}
	}
	flags := r.b[0]
	r.b = r.b[1:]
	s := sender{watermark: r.varint(), idle: flags&2 != 0, known: flags&1 != 0, complete: flags&4 != 0}
	if flags&8 != 0 {
		s.advance = r.span()
	}
	return s
}

// Sender is a sender as operators see it.
type Sender struct {
	Topic     string
	Group     uint32
	Partition int32
	Watermark int64 // ms; NoTime: not heard of yet
	Idle      bool
}

// list is all senders, the one that holds time back first.
func (c *clock) list() []Sender {
	var all []Sender
	for _, src := range c.sources {
		for i, s := range src.senders {
			all = append(all, Sender{src.topic, src.group, int32(i), s.watermark, s.idle})
		}
	}
	slices.SortStableFunc(all, func(a, b Sender) int { return cmp.Compare(a.Watermark, b.Watermark) })
	return all
}
