package coupon

import (
	"fmt"
	"time"

	"github.com/tributary-go/tributary/stream"
)

// Account is the row of a campaign, in whole yuan. What is issued and not revoked never exceeds the budget
// that was valid when the last coupon was issued.
type Account struct {
	Budget  int64     `cbor:"1,keyasint"` // as last configured
	Issued  int64     `cbor:"2,keyasint"` // face values of all coupons ever issued
	Revoked int64     `cbor:"3,keyasint"` // of those that were issued and revoked
	Denied  int64     `cbor:"4,keyasint"` // of those that were not issued
	Open    int64     `cbor:"5,keyasint"` // sub-rows: requests that may still be revoked
	Closes  int64     `cbor:"6,keyasint"` // time of the timer that forgets the oldest of them, ms since 1970; 0: none is set
	Updated time.Time `cbor:"7,keyasint"` // when the newest record that led to a decision arrived
}

func (a Account) remaining() int64 { return a.Budget - a.Issued + a.Revoked }

// Granted is a sub-row of a campaign: a request that was decided and may still be revoked.
type Granted struct {
	Day       int64 `cbor:"1,keyasint"` // yyyyMMdd
	FaceValue int64 `cbor:"2,keyasint"`
	Denied    bool  `cbor:"3,keyasint"`
}

// grantedKey puts the oldest pay day first.
func grantedKey(c Coupon) string { return fmt.Sprintf("%09d|%s", c.Day, string(c.ID)) }

// Decision is what becomes of a request.
type Decision struct {
	Coupon
	Event EventKind `cbor:"8,keyasint" json:"event"`
	// Remaining is what is left of the campaign's budget, yuan.
	Remaining int64 `cbor:"9,keyasint" json:"remaining"`
}

// EventKind says what has become of a coupon.
type EventKind string

// The kinds of events. A denied coupon has no further one.
const (
	Issued  EventKind = "issued"
	Revoked EventKind = "revoked"
	Denied  EventKind = "denied"
)

// CouponEvent is a record of coupons.
type CouponEvent struct {
	Decision
	UpdatedAt string `json:"updated_at"` // when the newest record that led to it arrived: RFC 3339, ms
}

// CampaignBudget is a row of campaign_budget, in whole yuan.
type CampaignBudget struct {
	Campaign  CampaignName `json:"campaign"`
	Budget    int64        `json:"budget"`
	Issued    int64        `json:"issued"`
	Revoked   int64        `json:"revoked"`
	Denied    int64        `json:"denied"`
	Remaining int64        `json:"remaining"` // budget - issued + revoked; below 0 if the budget was lowered
	UpdatedAt string       `json:"updated_at"`
}

type campaignContext = stream.Context[CampaignName, Account]

// decider decides requests in the order in which they come, one campaign in one task.
type decider struct {
	Config
	log    stream.Output[CampaignName, LoggedRequest]
	events stream.Output[CampaignName, CouponEvent]
	budget stream.Output[CampaignName, CampaignBudget]
}

// decide notes a request in the log, in the order of decisions, and answers it in the same transaction. One about
// a closed day is skipped: what it may be about is forgotten. Time at the decider can be ahead of the requester's
// for a moment, when all inputs were idle and one of them comes back with a time months later.
func (d decider) decide(x *campaignContext, r Request) ([]Decision, error) {
	if d.closed(r.Day, deciderLevel, x.Watermark()) {
		return nil, stream.ErrSkip
	}
	if x.Row == nil {
		x.Row = &Account{}
	}
	a := x.Row
	a.Budget = d.budgetOf(x.Key, a.Budget)
	if at := x.Record().Arrived; at.After(a.Updated) {
		a.Updated = at
	}
	arrived := d.rfc3339(x.Record().Arrived)
	if err := d.log.Send(x, x.Key, LoggedRequest{r, arrived}); err != nil {
		return nil, err
	}
	event, err := d.answer(x, r)
	if err != nil || event == "" {
		return nil, err
	}
	decision := Decision{r.Coupon, event, a.remaining()}
	if err := d.events.Send(x, x.Key, CouponEvent{decision, arrived}); err != nil {
		return nil, err
	}
	if err := d.budget.Send(x, x.Key, d.campaignBudget(x.Key, *a)); err != nil {
		return nil, err
	}
	return []Decision{decision}, nil
}

// budgetOf is a campaign's budget; of one that is not configured (any more) what is known of it.
func (c Config) budgetOf(name CampaignName, known int64) int64 {
	for _, campaign := range c.Campaigns {
		if campaign.Name == name {
			return campaign.Budget
		}
	}
	return known
}

// answer says what becomes of a request; "": nothing, since it gives back what was denied.
func (d decider) answer(x *campaignContext, r Request) (EventKind, error) {
	granted := stream.SubsOf(x, GrantedCoupons)
	held, known, err := granted.Get(grantedKey(r.Coupon))
	switch {
	case err != nil:
		return "", err
	case known == (r.Kind == Issue):
		return "", fmt.Errorf("coupon %q: a request to %s it, and the campaign's table knows otherwise (open: %t); this is a bug", string(r.ID), r.Kind, known)
	case r.Kind == Issue:
		return d.issue(x, r)
	}
	if err := granted.Delete(grantedKey(r.Coupon)); err != nil {
		return "", err
	}
	if x.Row.Open--; x.Row.Open == 0 {
		if err := d.wake(x, time.Time{}); err != nil {
			return "", err
		}
	}
	if held.Denied {
		return "", nil
	}
	x.Row.Revoked += held.FaceValue
	return Revoked, nil
}

// issue issues a coupon if the budget has as much left.
func (d decider) issue(x *campaignContext, r Request) (event EventKind, err error) {
	a := x.Row
	if r.FaceValue <= a.remaining() {
		event, a.Issued = Issued, a.Issued+r.FaceValue
	} else {
		event, a.Denied = Denied, a.Denied+r.FaceValue
	}
	a.Open++
	if at := d.closes(r.Day, deciderLevel); !at.IsZero() && (a.Closes == 0 || at.UnixMilli() < a.Closes) {
		if err := d.wake(x, at); err != nil {
			return "", err
		}
	}
	return event, stream.SubsOf(x, GrantedCoupons).Set(grantedKey(r.Coupon), Granted{r.Day, r.FaceValue, event == Denied})
}

// wake puts the campaign's one timer to another time; the zero time: it needs none.
func (d decider) wake(x *campaignContext, at time.Time) error {
	a := x.Row
	if a.Closes != 0 {
		if err := x.DeleteTimer(closing, time.UnixMilli(a.Closes)); err != nil {
			return err
		}
	}
	if a.Closes = 0; at.IsZero() {
		return nil
	}
	a.Closes = at.UnixMilli()
	return x.SetTimer(closing, at)
}

// closing is the timer by which the coupons of a pay day become final.
const closing = "closing"

// forgetAtOnce bounds what one timer deletes, so that a commit stays small on a campaign with a million
// coupons a day.
const forgetAtOnce = 64

// forget drops requests that can't be revoked any more. Totals stay.
func (d decider) forget(x *campaignContext, at time.Time) ([]Decision, error) {
	if x.Row == nil {
		return nil, nil
	}
	granted := stream.SubsOf(x, GrantedCoupons)
	var due []string
	var next time.Time // zero: nothing is left, or the retention was switched off
	if err := granted.Each(func(key string, g Granted) bool {
		if c := d.closes(g.Day, deciderLevel); c.IsZero() || c.After(at) || len(due) == forgetAtOnce {
			next = c
			return false
		}
		due = append(due, key)
		return true
	}); err != nil {
		return nil, err
	}
	for _, key := range due {
		if err := granted.Delete(key); err != nil {
			return nil, err
		}
	}
	x.Row.Open -= int64(len(due))
	if !next.IsZero() && !next.After(at) {
		next = at.Add(time.Millisecond)
	}
	return nil, d.wake(x, next)
}

func (c Config) campaignBudget(name CampaignName, a Account) CampaignBudget {
	return CampaignBudget{
		Campaign: name, Budget: a.Budget, Issued: a.Issued, Revoked: a.Revoked, Denied: a.Denied, Remaining: a.remaining(),
		UpdatedAt: c.rfc3339(a.Updated),
	}
}
