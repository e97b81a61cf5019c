package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/tributary-go/tributary/cep/nfa"
)

// Document is a rule as JSON.
//
//	{"name": "abandoned-cart", "version": 1, "key": "userSession", "state": "active",
//	 "pattern": {"stages": [..], "within": {"ms": 600000}},
//	 "onMatch":   {"type": "PURCHASE_COMPLETION", "message": "{purchase.userId} bought {purchase.productId}"},
//	 "onTimeout": {"type": "CART_ABANDONMENT", "message": "{cart.userId} left {cart.price} behind"}}
type Document struct {
	Name      string          // lower-case letters, digits and dashes, at most 32
	Version   int             // from 1 on; it goes up with every change
	Key       string          // the text field whose values are looked at one by one
	State     State           // "": active
	From      string          // event time in RFC 3339 from which it looks at events; "": from when it comes in
	Drain     *window         // how long what it has begun goes on once it was replaced or removed; nil: as long as its window
	Pattern   json.RawMessage // as Decode reads it
	OnMatch   *Says           // nil: nothing
	OnTimeout *Says           // of a partial match whose window has closed; nil: nothing
}

// Says is what a rule makes of what it finds.
type Says struct {
	Type    string // of the alert
	Message string // with fields of the events: "{step.field}" of the last event of the step, "{first step.field}"
	When    string // an expression over first, last, events and count; "": always
	Of      *Of    // whose alert it is; nil: that of the last event taken
}

// Of names an event of a match.
type Of struct {
	Step  string
	Which string // "last" (default) or "first"
}

// State is what a rule does.
type State string

// The states of a rule.
const (
	Active State = "active" // finds and says
	Paused State = "paused" // begins nothing; what it has begun goes on and is said
	Shadow State = "shadow" // finds, and says nothing
)

// Rule is a document that has been checked.
type Rule[E any] struct {
	Name      string
	Version   int
	Key       string
	State     State
	From      time.Time      // zero: from when it comes in
	Drain     time.Duration  // 0: as long as the pattern's window
	Pattern   nfa.Pattern[E] // that begins nothing if the rule is paused
	content   string         // the document without state and from
	automaton *nfa.Automaton[E]
	key       func(E) string
	onMatch   *said[E]
	onTimeout *said[E]
}

// Alert is what a rule says.
type Alert[E any] struct {
	Type, Message string
	Of            E // whose it is
}

// Fingerprint is the pattern's: see nfa.
func (r Rule[E]) Fingerprint() string { return r.automaton.Fingerprint() }

// Content is equal for rules that differ in state and from at most.
func (r Rule[E]) Content() string { return r.content }

// Drains is how long partial matches go on after the rule was replaced, or false if they would for ever.
func (r Rule[E]) Drains() (time.Duration, bool) {
	if r.Drain > 0 {
		return r.Drain, true
	}
	window := time.Duration(r.automaton.Window()) * time.Millisecond
	return window, window > 0
}

// Matched is what the rule says of a match; false: nothing. What its state says is not looked at.
func (r Rule[E]) Matched(m nfa.Match[E]) (Alert[E], bool) { return r.onMatch.about(m) }

// TimedOut is what the rule says of a partial match whose window has closed; false: nothing.
func (r Rule[E]) TimedOut(m nfa.Match[E]) (Alert[E], bool) { return r.onTimeout.about(m) }

// KeyOf is the key of an event; "": the rule does not look at it.
func (r Rule[E]) KeyOf(e E) string { return r.key(e) }

// maxName is the length of names and types, in bytes: columns of SQL tables hold them.
const maxName = 32

var ruleName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Read checks a document. keys are the text fields that can be a rule's key. The error joins every mistake:
// ErrRule for those of the document, nfa.ErrMalformed for a pattern that makes no sense.
func Read[E any](b []byte, f Fields[E], keys ...string) (Rule[E], error) {
	var doc Document
	if err := whole(b, &doc); err != nil {
		return Rule[E]{}, fmt.Errorf("%w: %w", ErrRule, err)
	}
	d := decoder[E]{fields: f, strict: true}
	d.head(doc, keys)
	var pattern document
	if err := strictly(doc.Pattern, &pattern); err != nil {
		d.mistake("pattern: %v", missing(doc.Pattern, err))
		return Rule[E]{}, errors.Join(d.mistakes...)
	}
	d.steps = names(pattern.Stages)
	r := Rule[E]{Name: doc.Name, Version: doc.Version, Key: doc.Key, State: doc.State, Pattern: d.pattern(pattern), key: f.Text[doc.Key]}
	if r.State == "" {
		r.State = Active
	}
	r.onMatch, r.onTimeout = d.says("onMatch", doc.OnMatch), d.says("onTimeout", doc.OnTimeout)
	d.changes(doc, &r)
	r.content = doc.content()
	d.ends(r)
	a, err := nfa.Compile(r.Pattern)
	r.automaton = a // begins also if the rule is paused: for replays
	if r.State == Paused {
		beginNothing(r.Pattern.Steps)
	}
	return r, errors.Join(append(d.mistakes, err)...)
}

// whole decodes JSON behind which nothing stands.
func whole(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the document")
	}
	return nil
}

func missing(b json.RawMessage, err error) error {
	if b == nil {
		return errors.New("it is missing")
	}
	return err
}

func (d *decoder[E]) head(doc Document, keys []string) {
	if !ruleName.MatchString(doc.Name) || len(doc.Name) > maxName {
		d.mistake("name %q: it is made of lower-case letters, digits and dashes, %d at most", doc.Name, maxName)
	}
	if doc.Version < 1 {
		d.mistake("version %d: versions begin with 1", doc.Version)
	}
	if !slices.Contains(keys, doc.Key) {
		d.mistake("key %q is none of %v", doc.Key, keys)
	}
	if states := []State{"", Active, Paused, Shadow}; !slices.Contains(states, doc.State) {
		d.mistake("state %q is none of %v", doc.State, states[1:])
	}
	if doc.OnMatch == nil && doc.OnTimeout == nil {
		d.mistake("it has neither onMatch nor onTimeout: nothing would come of it")
	}
}

// changes reads what a document says of how it comes and goes.
func (d *decoder[E]) changes(doc Document, r *Rule[E]) {
	if doc.From != "" {
		at, err := time.Parse(time.RFC3339, doc.From)
		if err != nil {
			d.mistake("from %q is not a time in RFC 3339", doc.From)
		}
		r.From = at
	}
	if doc.Drain == nil {
		return
	}
	if r.Drain = time.Duration(doc.Drain.Ms) * time.Millisecond; r.Drain <= 0 || doc.Drain.Type != "" {
		d.mistake("drain: it is {\"ms\": ..}, 1 at least")
	}
}

// content is the document without state and from, in one form.
func (doc Document) content() string {
	doc.State, doc.From = "", ""
	b, err := json.Marshal(doc)
	if err != nil {
		return "" // it was JSON before
	}
	return string(b)
}

// ends checks what a rule needs beyond its pattern.
func (d *decoder[E]) ends(r Rule[E]) {
	if r.Pattern.Skip.MissFails {
		d.mistake("skip: throwOnMiss would end the processing of a key")
	}
	if r.onTimeout != nil && !hasWindow(r.Pattern.Steps) {
		d.mistake("onTimeout: the pattern has no window, so nothing times out")
	}
}

func hasWindow[E any](steps []nfa.Step[E]) bool {
	return slices.ContainsFunc(steps, func(s nfa.Step[E]) bool {
		return s.Within > 0 || s.WithinPrevious > 0 || s.Times.Gap > 0 || hasWindow(s.Group)
	})
}

// beginNothing has conditions take only events that something lies before.
func beginNothing[E any](steps []nfa.Step[E]) {
	for i := range steps {
		s := &steps[i]
		beginNothing(s.Group)
		if is := s.Where; is != nil && s.Contiguity != nfa.NotNext && s.Contiguity != nfa.NotFollowedBy {
			s.Where = func(e E, m nfa.Match[E]) bool { return len(m.Taken()) > 0 && is(e, m) }
		}
	}
}
