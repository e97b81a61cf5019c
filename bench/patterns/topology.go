package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

type click = clickalerts.Click

// line is a click as it stands in a file: the fields of the record's key and of its value in one object.
type line struct {
	id     codecs.Bigint
	record clickalerts.ClickRecord
}

var lines = codecs.Object(
	codecs.BigintField("key_id", func(l *line) *codecs.Bigint { return &l.id }),
	codecs.BigintField("value_eventTime", func(l *line) *codecs.Bigint { return &l.record.At }),
	codecs.TextField("value_eventType", func(l *line) *codecs.Text { return &l.record.Type }),
	codecs.TextField("value_productId", func(l *line) *codecs.Text { return &l.record.Product }),
	codecs.TextField("value_categoryId", func(l *line) *codecs.Text { return &l.record.Category }),
	codecs.TextField("value_categoryCode", func(l *line) *codecs.Text { return &l.record.CategoryCode }),
	codecs.TextField("value_brand", func(l *line) *codecs.Text { return &l.record.Brand }),
	codecs.DecimalField("value_price", func(l *line) *codecs.Decimal { return &l.record.Price }),
	codecs.TextField("value_userId", func(l *line) *codecs.Text { return &l.record.User }),
	codecs.TextField("value_userSession", func(l *line) *codecs.Text { return &l.record.Session }),
)

func (l line) clicked() (time.Time, error) { return time.UnixMilli(l.record.At.V).UTC(), nil }
func (l line) click() (click, error)       { return click{ID: l.id.V, Record: l.record}, nil }

func session(c click) (clickalerts.SessionID, error) {
	return clickalerts.SessionID(c.Record.Session.V), nil
}
func user(c click) (clickalerts.UserID, error) { return clickalerts.UserID(c.Record.User.V), nil }

// inputTopic is that of clickalerts.
var inputTopic = clickalerts.Clicks.Name

// alert is what is written of a match: as little as the peer's.
type alert struct {
	Rule string `cbor:"1,keyasint"`
	User string `cbor:"2,keyasint"`
}

var (
	input     = stream.NewTopic[stream.Unkeyed](inputTopic, lines, line.clicked, stream.OutOfOrder(2*time.Second))
	bySession = stream.NewTopic[clickalerts.SessionID]("patterns-by-session", codecs.Compact[click](1), nil)
	byUser    = stream.NewTopic[clickalerts.UserID]("patterns-by-user", codecs.Compact[click](1), nil)
)

// rules are those of a key, by name.
type rules struct {
	name    string
	user    bool
	pattern func(clickalerts.Thresholds) cep.Pattern[click]
	timeout bool // timeouts are looked at too
}

var allRules = []rules{
	{"cross-sell", false, clickalerts.CrossSell, false},
	{"abandoned-cart", false, clickalerts.AbandonedCart, true},
	{"purchase-intent", false, clickalerts.PurchaseIntent, false},
	{"price-sensitivity", true, clickalerts.PriceSensitivity, false},
	{"churn-risk", true, clickalerts.Churn, false},
}

// whole is the name of the use case, with each click counted once and real alerts.
const whole = "clickalerts"

// topology builds what was asked for. The matches of its rules are noted in all.
func (p *program) topology(all map[string]found) (*stream.Topology, error) {
	if p.Pattern == whole {
		return clickalerts.Topology(clickalerts.Config{Zone: time.UTC, Retain: clickalerts.DefaultRetain})
	}
	thresholds := clickalerts.Defaults
	if p.Within > 0 {
		thresholds.CartWithin = p.Within
	}
	var ofSessions, ofUsers []cep.Rule[click, alert]
	for _, r := range allRules {
		switch rule := r.rule(thresholds, all); {
		case p.Pattern != "all" && p.Pattern != r.name:
		case r.user:
			ofUsers = append(ofUsers, rule)
		default:
			ofSessions = append(ofSessions, rule)
		}
	}
	if len(ofSessions)+len(ofUsers) == 0 {
		return nil, fmt.Errorf("there is no pattern %q", p.Pattern)
	}
	t := stream.New("patterns")
	clicks := stream.MapValues(stream.From(t, input), line.click)
	detect(clicks, bySession, session, ofSessions)
	detect(clicks, byUser, user, ofUsers)
	return t.Build()
}

// detect looks for rules in the clicks of a key; without any it does nothing.
func detect[K tables.Key](clicks stream.Stream[stream.Unkeyed, click], via stream.Topic[K, click], key func(click) (K, error), of []cep.Rule[click, alert]) {
	if len(of) == 0 {
		return
	}
	d := cep.Detection[K, click]{
		Runs: cep.NewRuns[K](via.Name + "-runs"), Events: codecs.Compact[click](1),
		Less: func(a, b click) bool { return a.ID < b.ID },
	}
	out := stream.NewTopic[K](via.Name+"-alerts", codecs.Compact[alert](1), nil, stream.Events(0))
	cep.Detect(stream.KeyBy(clicks, via, key), d, of...).To(out)
}

func (r rules) rule(t clickalerts.Thresholds, all map[string]found) cep.Rule[click, alert] {
	say := func(kind string) func(cep.Match[click], time.Time) []alert {
		what := r.name + "|" + kind
		return func(m cep.Match[click], _ time.Time) []alert {
			f := all[what]
			one := f.add(m)
			all[what] = f
			return []alert{{r.name, one.Record.User.V}}
		}
	}
	rule := cep.Rule[click, alert]{Name: r.name, Pattern: r.pattern(t), OnMatch: say("match")}
	if r.timeout {
		rule.OnTimeout = say("timeout")
	}
	return rule
}

// found is how many matches there are, and the sum of their fingerprints: FNV-1a over ids instead of bytes.
type found struct {
	N   int   `json:"n"`
	Sum int64 `json:"sum,string"`
}

// add notes a match, and returns one of its clicks.
func (f *found) add(m cep.Match[click]) (one click) {
	h := uint64(0xcbf29ce484222325)
	for _, t := range m.Taken() {
		one = t.Event.Value
		h = (h ^ uint64(one.ID)) * 0x100000001b3
	}
	f.N++
	f.Sum += int64(h)
	return one
}

var errDead = errors.New("records could not be processed")
