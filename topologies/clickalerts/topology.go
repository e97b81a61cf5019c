// Package clickalerts tells what the clicks in a shop mean: carts left behind, purchases about to be made,
// customers about to leave.
//
// Clicks are captured from a table. Each counts once. Three patterns look at the clicks of a session, two at
// those of a user.
//
//	clickstream -> clicks by id, each once -+-> by session: cross-sell, abandoned cart, purchase intent -+-> alerts
//	                                        +-> by user: price sensitivity, churn risk -----------------+
//
// Read on in click.go (what comes in), pattern.go (what is looked for) and alert.go (what goes out). The patterns
// stand in rules/*.json as documents too, and others can take their place, at a start or while the program runs: see
// document.go and live.go.
package clickalerts

import (
	"errors"
	"fmt"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/cep/rules"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// Config holds what differs between installations. Its zero value is one that works.
type Config struct {
	Thresholds
	// Zone is that of event_time, and of nothing else. nil: Asia/Shanghai.
	Zone *time.Location
	// From leaves out clicks before it. Zero: none.
	From time.Time
	// Retain is for how long a click is remembered, so that it does not count twice, after it happened. 0: for
	// ever.
	Retain time.Duration
	// Once finds matches of a pattern that don't overlap, and tells of the churn risk of a user once in ChurnWithin.
	// Without it every match is an alert, as in the reference: of n views some (n-9)(n-8)/2 churn alerts.
	Once bool
	// MaxIdleAdvance is how far time goes on while nobody clicks, so that a cart that was left behind is noticed
	// before the next click. 0: not at all.
	MaxIdleAdvance time.Duration
	// ByArrival takes clicks of one time as they arrived, as the reference does. Otherwise: by their ids.
	ByArrival bool
	// Rules replace the five patterns, whose thresholds say nothing then: see ReadRule. Names are unique, and each
	// key has one at least. A rule whose structure changes drops what it has begun, as rules in Go do; one that is
	// to go has to be paused first until nothing of it is open, or the program does not start. None: the patterns.
	Rules []rules.Rule[Click]
	// RuleTopic is a topic of documents, by which rules are added, replaced, paused and removed while the program
	// runs: see CheckRule. The five patterns, or Rules, hold until a document of the name comes. "": none.
	RuleTopic string
}

// DefaultMaxIdleAdvance is the program's. It is longer than the patterns that time out.
const DefaultMaxIdleAdvance = time.Hour

// DefaultRetain is longer than the longest pattern, and than a capture repeats what it has read.
const DefaultRetain = 8 * 24 * time.Hour

// shanghai is Asia/Shanghai since 1991; as a value, so that nothing has to be read from a disk.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Clicks is the input: rows of the table of clicks as the capture writes them.
var Clicks = clicksTopic(0)

func clicksTopic(advance time.Duration) stream.Topic[stream.Unkeyed, ClickRecord] {
	return stream.NewTopic[stream.Unkeyed]("clickstream", ClickRecords, ClickRecord.clicked, stream.OutOfOrder(2*time.Second), stream.IdleAdvance(advance))
}

// The topics and tables between input and output, and the output.
var (
	ClicksByID      = stream.NewTopic[ClickID]("clickalerts-clicks-by-id", codecs.Compact[ClickRecord](1), nil)
	SeenClicks      = tables.New[ClickID]("clickalerts-seen", codecs.Compact[Seen](1))
	ClicksBySession = stream.NewTopic[SessionID]("clickalerts-clicks-by-session", codecs.Compact[Click](1), nil)
	ClicksByUser    = stream.NewTopic[UserID]("clickalerts-clicks-by-user", codecs.Compact[Click](1), nil)
	SessionRuns     = cep.NewRuns[SessionID]("clickalerts-session-runs")
	UserRuns        = cep.NewRuns[UserID]("clickalerts-user-runs")
	ChurnByUser     = stream.NewTopic[UserID]("clickalerts-churn-by-user", codecs.JSON[Alert](), nil)
	ChurnTold       = tables.New[UserID]("clickalerts-churn-told", codecs.Compact[Told](1))

	Alerts = stream.NewTopic[AlertID]("alerts", codecs.JSON[Alert](), nil)
)

// Topology reads Clicks and writes Alerts.
func Topology(c Config) (*stream.Topology, error) {
	if c.Zone == nil {
		c.Zone = shanghai
	}
	c.Thresholds = c.orDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("topology clickalerts: %w", err)
	}
	t := stream.New("clickalerts")
	seen := SeenClicks
	seen.Retain = c.Retain

	rows := stream.UpsertsFrom(t, clicksTopic(c.MaxIdleAdvance), ClicksByID, clickID)
	clicks := stream.OnUpsert(stream.NewProcessor(t, seen), rows, once).Filter(c.since)
	bySession := stream.KeyBy(clicks.Filter(Click.hasSession), ClicksBySession, Click.session)
	byUser := stream.KeyBy(clicks.Filter(Click.hasUser), ClicksByUser, Click.user)

	var changes *stream.Broadcast[cep.RuleName, []byte]
	if c.RuleTopic != "" {
		b := c.changes(t)
		changes = &b
	}
	stream.ToKeyed(detect(c, bySession, SessionRuns, keySession, changes, c.ofSessions()), Alerts, Alert.id)
	ofUsers := detect(c, byUser, UserRuns, keyUser, changes, c.ofUsers())
	if c.Once {
		stream.ToKeyed(c.churnOnce(t, ofUsers.Filter(Alert.churn)), Alerts, Alert.id)
		ofUsers = ofUsers.Filter(func(a Alert) bool { return !a.churn() })
	}
	stream.ToKeyed(ofUsers, Alerts, Alert.id)

	return t.Build()
}

// churnOnce leaves out alerts of a user that come less than the pattern's window after one that was told. They count
// as skipped.
func (c Config) churnOnce(t *stream.Topology, alerts stream.Stream[UserID, Alert]) stream.Stream[UserID, Alert] {
	told := ChurnTold
	told.Retain = c.ChurnWithin
	tell := func(x *stream.Context[UserID, Told], a Alert) ([]Alert, error) {
		at := x.EventTime().UnixMilli()
		if x.Row != nil && at < x.Row.At+c.ChurnWithin.Milliseconds() {
			return nil, stream.ErrSkip
		}
		x.Row = &Told{at}
		return []Alert{a}, nil
	}
	return stream.On(stream.NewProcessor(t, told), stream.KeyBy(alerts, ChurnByUser, Alert.user), tell)
}

func (c Config) ofSessions() []cep.Rule[Click, Alert] {
	if len(c.Rules) > 0 {
		return c.ruled(keySession)
	}
	return []cep.Rule[Click, Alert]{
		rule(c, "cross-sell", CrossSell, c.crossSold, nil),
		rule(c, "abandoned-cart", AbandonedCart, c.purchased, c.abandoned),
		rule(c, "purchase-intent", PurchaseIntent, c.intends, nil),
	}
}

func (c Config) ofUsers() []cep.Rule[Click, Alert] {
	if len(c.Rules) > 0 {
		return c.ruled(keyUser)
	}
	return []cep.Rule[Click, Alert]{
		rule(c, "price-sensitivity", PriceSensitivity, c.sensitive, nil),
		rule(c, churnRisk, Churn, c.leaving, nil),
	}
}

func (c Config) check() error {
	mistakes := c.checkRules()
	if c.IntentViews < 2 {
		mistakes = append(mistakes, fmt.Errorf("purchase intent takes %d views: it must be 2 at least", c.IntentViews))
	}
	if c.ChurnViews < 1 {
		mistakes = append(mistakes, fmt.Errorf("churn risk takes %d views: it must be 1 at least", c.ChurnViews))
	}
	if c.MaxIdleAdvance < 0 {
		mistakes = append(mistakes, fmt.Errorf("time can't go back by %s while nobody clicks: it must be 0 at least", -c.MaxIdleAdvance))
	}
	return errors.Join(mistakes...)
}

// since reports whether a click counts from c.From on.
func (c Config) since(x Click) bool {
	return c.From.IsZero() || x.Record.At.V >= c.From.UnixMilli()
}

func detection[K tables.Key](c Config, runs tables.Table[K, cep.Runs]) cep.Detection[K, Click] {
	d := cep.Detection[K, Click]{Runs: runs, Events: codecs.Compact[Click](1)}
	if !c.ByArrival {
		d.Less = func(a, b Click) bool { return a.ID < b.ID }
	}
	return d
}

// rule makes a rule of a pattern and its alerts. Partial matches under other thresholds are dropped when those
// change: nobody knows any more by which they would have to be judged.
func rule(c Config, name string, pattern func(Thresholds) cep.Pattern[Click], matched, timedOut func(cep.Match[Click], time.Time) []Alert) cep.Rule[Click, Alert] {
	p := pattern(c.Thresholds)
	if c.Once {
		p = p.SkipPastLastEvent()
	}
	return cep.Rule[Click, Alert]{Name: name, Pattern: p, OnMatch: matched, OnTimeout: timedOut, Changed: cep.Changed[Click]{Discard: true}}
}
