package clickalerts

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/cep/rules"
	"github.com/tributary-go/tributary/codecs"
)

//go:embed rules/*.json
var documents embed.FS

// The fields that can be the key of a rule.
const (
	keySession = "userSession"
	keyUser    = "userId"
)

// ClickFields are the fields of a click by the names that documents use. id and eventTime (ms) are numbers, and so is
// price; its decimals are compared as floating numbers, which are exact enough for 15 digits.
var ClickFields = clickFields()

func clickFields() rules.Fields[Click] {
	f := rules.Fields[Click]{
		Text: map[string]func(Click) string{},
		Number: map[string]func(Click) float64{
			"id":        func(c Click) float64 { return float64(c.ID) },
			"eventTime": func(c Click) float64 { return float64(c.Record.At.V) },
			"price":     price,
		},
		Known: map[string]func(Click) bool{"price": func(c Click) bool { return c.Record.Price.Valid }},
		Written: map[string]func(Click) string{
			"id":    func(c Click) string { return strconv.FormatInt(c.ID, 10) },
			"price": func(c Click) string { return c.Record.Price.V.String() },
		},
	}
	for name, of := range map[string]func(*ClickRecord) *codecs.Text{
		"type":         func(r *ClickRecord) *codecs.Text { return &r.Type },
		"productId":    func(r *ClickRecord) *codecs.Text { return &r.Product },
		"categoryId":   func(r *ClickRecord) *codecs.Text { return &r.Category },
		"categoryCode": func(r *ClickRecord) *codecs.Text { return &r.CategoryCode },
		"brand":        func(r *ClickRecord) *codecs.Text { return &r.Brand },
		keyUser:        func(r *ClickRecord) *codecs.Text { return &r.User },
		keySession:     func(r *ClickRecord) *codecs.Text { return &r.Session },
	} {
		f.Text[name] = func(c Click) string { return of(&c.Record).V }
		f.Known[name] = func(c Click) bool { return of(&c.Record).Valid }
	}
	return f
}

func price(c Click) float64 {
	if !c.Record.Price.Valid {
		return math.NaN()
	}
	return c.Record.Price.V.InexactFloat64()
}

// ReadRule checks the document of a rule over clicks: see package rules. The error joins every mistake.
func ReadRule(b []byte) (rules.Rule[Click], error) {
	return rules.Read(b, ClickFields, keySession, keyUser)
}

// Documents are the patterns of this package as documents, with the default thresholds, by the names of the rules.
func Documents() map[string][]byte {
	all := map[string][]byte{}
	for _, name := range []string{"cross-sell", "abandoned-cart", "purchase-intent", "price-sensitivity", churnRisk} {
		all[name], _ = fs.ReadFile(documents, "rules/"+name+".json") // embedded: a test reads each
	}
	return all
}

// checkRules looks for what single documents can't know.
func (c Config) checkRules() (mistakes []error) {
	names := map[string]bool{}
	for _, r := range c.Rules {
		if names[r.Name] {
			mistakes = append(mistakes, fmt.Errorf("two rules have the name %q", r.Name))
		}
		names[r.Name] = true
	}
	for _, key := range []string{keySession, keyUser} {
		if len(c.Rules) > 0 && c.RuleTopic == "" && len(c.ruled(key)) == 0 {
			mistakes = append(mistakes, fmt.Errorf("no rule has the key %s: there must be one, it may be paused", key))
		}
	}
	return mistakes
}

// ruled are the rules of a key, in their order.
func (c Config) ruled(key string) (rs []cep.Rule[Click, Alert]) {
	for _, r := range c.Rules {
		if r.Key == key {
			rs = append(rs, c.ofDocument(r))
		}
	}
	return rs
}

// ofDocument is a document's rule as Detect has it. That of a shadow finds, and says nothing.
func (c Config) ofDocument(r rules.Rule[Click]) cep.Rule[Click, Alert] {
	p := cep.Define(r.Pattern)
	if c.Once {
		p = p.SkipPastLastEvent()
	}
	d := cep.Rule[Click, Alert]{Name: r.Name, Pattern: p, Changed: cep.Changed[Click]{Discard: true}}
	if r.State == rules.Shadow {
		return d
	}
	d.OnMatch = c.saying(r, onMatch, r.Matched)
	d.OnTimeout = c.saying(r, onTimeout, r.TimedOut)
	return d
}

func (c Config) saying(r rules.Rule[Click], kind string, about func(cep.Match[Click]) (rules.Alert[Click], bool)) func(cep.Match[Click], time.Time) []Alert {
	return func(m cep.Match[Click], at time.Time) []Alert {
		a, ok := about(m)
		if !ok {
			return nil
		}
		id, err := alertID(r.Name, r.Version, kind, m)
		if err != nil {
			return nil // parts of digits and names always make a key
		}
		return []Alert{c.row(id, r.Name, a.Type, at, a.Of, a.Message)}
	}
}
