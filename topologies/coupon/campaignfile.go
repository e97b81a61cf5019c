package coupon

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ParseCampaigns reads campaigns from JSON. The error joins every mistake.
//
//	[
//	  {"name": "spring", "budget": 100000, "from": "2021-03-01", "to": "2021-03-31",
//	   "tiers": [{"spend": 100, "face_value": 10}, {"spend": 300, "face_value": 40}]}
//	]
//
// Amounts are whole yuan. All fields must be there, and no others. An empty list is fine: see Config.Campaigns.
func ParseCampaigns(text []byte) ([]Campaign, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil || items == nil {
		return nil, fmt.Errorf("campaigns: want a JSON array of objects: %w", errOr(err, "it is null"))
	}
	cs := make([]Campaign, 0, len(items))
	var all []mistake
	for i, item := range items {
		c, mistakes := parseCampaign(i+1, item)
		cs, all = append(cs, c), append(all, mistakes...)
	}
	unread := slices.Clone(all)
	for _, m := range checkCampaigns(cs) {
		if !slices.ContainsFunc(unread, m.within) { // of what could not be read there is nothing more to say
			all = append(all, m)
		}
	}
	if len(all) > 0 {
		return nil, joined(all)
	}
	return cs, nil
}

// within reports whether m is about the same field as other, or a part of it.
func (m mistake) within(other mistake) bool {
	return m.campaign == other.campaign && (other.field == "" || m.field == other.field || strings.HasPrefix(m.field, other.field+"."))
}

// joined is one error of all mistakes, campaign by campaign; nil: there are none.
func joined(all []mistake) error {
	slices.SortStableFunc(all, func(a, b mistake) int { return a.campaign - b.campaign })
	errs := make([]error, len(all))
	for i, m := range all {
		errs[i] = m
	}
	return errors.Join(errs...)
}

func errOr(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

func parseCampaign(place int, text json.RawMessage) (c Campaign, mistakes []mistake) {
	o := readObject("", text)
	c.Name = CampaignName(o.text("name"))
	c.Budget = o.whole("budget")
	c.From, c.To = o.date("from"), o.date("to")
	for i, item := range o.list("tiers") {
		t := readObject(fmt.Sprintf("tiers[%d]", i+1), item)
		c.Tiers = append(c.Tiers, Tier{Spend: t.whole("spend"), FaceValue: t.whole("face_value")})
		t.end()
		o.mistakes = append(o.mistakes, t.mistakes...)
	}
	o.end()
	for i := range o.mistakes {
		o.mistakes[i].campaign, o.mistakes[i].name = place, c.Name
	}
	return c, o.mistakes
}

// object is a JSON object whose fields are taken out one by one. It collects what is wrong with them.
type object struct {
	at       string // field it is the value of; "": the campaign itself
	fields   map[string]json.RawMessage
	broken   bool // it is no object
	mistakes []mistake
}

func readObject(at string, text json.RawMessage) *object {
	o := &object{at: at}
	if err := json.Unmarshal(text, &o.fields); err != nil || o.fields == nil {
		o.broken = true
		o.mistakes = []mistake{{field: at, text: fmt.Sprintf("%.64s is not an object", text)}}
	}
	return o
}

func (o *object) name(field string) string { return strings.TrimPrefix(o.at+"."+field, ".") }

func (o *object) wrong(field, format string, args ...any) {
	o.mistakes = append(o.mistakes, mistake{field: o.name(field), text: fmt.Sprintf(format, args...)})
}

// take reads a field into v; what says what it should be.
func (o *object) take(field, what string, v any) bool {
	text, there := o.fields[field]
	delete(o.fields, field)
	switch {
	case o.broken:
		return false
	case !there || string(text) == "null":
		o.wrong(field, "is missing: want %s", what)
		return false
	case json.Unmarshal(text, v) != nil:
		o.wrong(field, "%.64s is not %s", text, what)
		return false
	}
	return true
}

func (o *object) text(field string) (s string) {
	o.take(field, "a text", &s)
	return s
}

func (o *object) whole(field string) (n int64) {
	if !o.take(field, "a whole number of yuan", &n) {
		return 0
	}
	return n
}

// date is a day as yyyyMMdd; 0: there is none that can be read.
func (o *object) date(field string) int64 {
	const what = "a day such as 2021-03-25"
	var s string
	if !o.take(field, what, &s) {
		return 0
	}
	at, err := time.Parse(time.DateOnly, s)
	if err != nil || at.Year() < 1 {
		o.wrong(field, "%q is not %s", s, what)
		return 0
	}
	return dayOf(at)
}

func (o *object) list(field string) (items []json.RawMessage) {
	o.take(field, "a list of tiers", &items)
	return items
}

// end refuses what nobody has taken.
func (o *object) end() {
	var names []string
	for name := range o.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		o.wrong(name, "there is no such field")
	}
}
