package coupon

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// DayTotal is what of a day's spend decides about coupons: a title or time that changes leaves it equal.
type DayTotal struct {
	Buyer  int64 `cbor:"1,keyasint"`
	Day    int64 `cbor:"2,keyasint"` // yyyyMMdd
	Amount int64 `cbor:"3,keyasint"` // yuan; refunds may make it negative
}

func dayTotal(row tables.Row[BuyerDay, Spend]) (DayTotal, error) {
	buyer, payDay, err := row.Key.parts()
	return DayTotal{buyer, payDay, row.Value.Amount}, err
}

func (d DayTotal) key() (BuyerDay, error) {
	return tables.JoinKey[BuyerDay](tables.Text(strconv.FormatInt(d.Buyer, 10)), tables.Text(strconv.FormatInt(d.Day, 10)))
}

// CouponID names a coupon for ever: campaign|buyer_id|effect_time|tier|sequence.
type CouponID string

// Coupon says which coupon. Who falls below a tier and reaches it again asks for the next one in sequence.
type Coupon struct {
	ID        CouponID     `cbor:"1,keyasint" json:"id"`
	Campaign  CampaignName `cbor:"2,keyasint" json:"campaign"`
	Buyer     int64        `cbor:"3,keyasint" json:"buyer_id"`
	Day       int64        `cbor:"4,keyasint" json:"effect_time"` // yyyyMMdd
	Tier      int64        `cbor:"5,keyasint" json:"tier"`        // its spend, yuan
	Sequence  int64        `cbor:"6,keyasint" json:"sequence"`    // from 1
	FaceValue int64        `cbor:"7,keyasint" json:"face_value"`  // yuan
}

// id joins the parts that make a coupon another one.
func (c Coupon) id() (CouponID, error) {
	number := func(n int64) tables.Part { return tables.Text(strconv.FormatInt(n, 10)) }
	return tables.JoinKey[CouponID](tables.Text(string(c.Campaign)), number(c.Buyer), number(c.Day), number(c.Tier), number(c.Sequence))
}

// Request asks for a coupon, or gives one back.
type Request struct {
	Coupon
	Kind   RequestKind `cbor:"8,keyasint" json:"kind"`
	Amount int64       `cbor:"9,keyasint" json:"cumulate_amount"` // what the day's spend is now, yuan
}

// RequestKind says what is asked for.
type RequestKind string

// The kinds of requests.
const (
	Issue  RequestKind = "issue"  // the spend has reached the tier
	Revoke RequestKind = "revoke" // it has fallen below it
)

func (r Request) campaign() (CampaignName, error) { return r.Campaign, nil }

// Reached is the row of a buyer's day: the tiers that it has ever reached, with what was asked for last.
type Reached struct {
	Tiers []ReachedTier `cbor:"1,keyasint"`
}

// ReachedTier is the newest coupon of a tier. It keeps its face value, whatever the campaign says by now.
type ReachedTier struct {
	Campaign  CampaignName `cbor:"1,keyasint"`
	Tier      int64        `cbor:"2,keyasint"`
	Sequence  int64        `cbor:"3,keyasint"`
	FaceValue int64        `cbor:"4,keyasint"`
	Held      bool         `cbor:"5,keyasint"` // asked for and not given back; whether it was issued is decided elsewhere
}

// coupons asks for the coupons of tiers that a day's spend has reached, and gives back those of tiers that it
// has fallen below. It compares the amount with what was asked for, not with the amount before: so a campaign
// that was added meanwhile counts with the next change of the amount, and one that was taken out still revokes.
func (c Config) coupons(x *stream.Context[BuyerDay, Reached], ch stream.Change[DayTotal]) ([]Request, error) {
	before, after := amountOf(ch.Before), amountOf(ch.After)
	if before == after {
		return nil, nil
	}
	buyer, payDay, err := x.Key.parts()
	if err != nil {
		return nil, err
	}
	if c.closed(payDay, requesterLevel, x.Watermark()) {
		return nil, stream.ErrSkip
	}
	var row Reached
	if x.Row != nil {
		row.Tiers = slices.Clone(x.Row.Tiers)
	}
	asked := append(row.fall(after), row.rise(c.Campaigns, payDay, after)...)
	if len(asked) == 0 {
		return nil, nil
	}
	x.Row = &row
	return requests(buyer, payDay, after, asked)
}

func amountOf(d *DayTotal) int64 {
	if d == nil {
		return 0
	}
	return d.Amount
}

// fall gives back what lies above amount, the latest first.
func (r *Reached) fall(amount int64) (asked []ReachedTier) {
	for i := len(r.Tiers) - 1; i >= 0; i-- {
		if t := &r.Tiers[i]; t.Held && amount < t.Tier {
			t.Held = false
			asked = append(asked, *t)
		}
	}
	return asked
}

// rise asks for what amount has reached, campaign by campaign, the lower tiers first.
func (r *Reached) rise(cs []Campaign, payDay, amount int64) (asked []ReachedTier) {
	for _, c := range cs {
		if !c.runsOn(payDay) {
			continue
		}
		for _, tier := range c.Tiers {
			if amount < tier.Spend {
				break
			}
			if t := r.find(c.Name, tier.Spend); !t.Held {
				t.Sequence, t.FaceValue, t.Held = t.Sequence+1, tier.FaceValue, true
				asked = append(asked, *t)
			}
		}
	}
	return asked
}

// find returns the entry of a tier, a new one if it was never reached.
func (r *Reached) find(campaign CampaignName, tier int64) *ReachedTier {
	i := slices.IndexFunc(r.Tiers, func(t ReachedTier) bool { return t.Campaign == campaign && t.Tier == tier })
	if i < 0 {
		i = len(r.Tiers)
		r.Tiers = append(r.Tiers, ReachedTier{Campaign: campaign, Tier: tier})
	}
	return &r.Tiers[i]
}

func requests(buyer, payDay, amount int64, asked []ReachedTier) (rs []Request, err error) {
	for _, t := range asked {
		r := Request{Kind: Revoke, Amount: amount, Coupon: Coupon{
			Campaign: t.Campaign, Buyer: buyer, Day: payDay, Tier: t.Tier, Sequence: t.Sequence, FaceValue: t.FaceValue,
		}}
		if t.Held {
			r.Kind = Issue
		}
		if r.ID, err = r.id(); err != nil {
			return nil, fmt.Errorf("coupon of campaign %q: %w", string(t.Campaign), err)
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// Levels count the tables from the input on. Each remembers a day longer than the one above it.
const (
	spendsLevel    = 1
	requesterLevel = 2
	deciderLevel   = 3
)

// closes is when the tables of a level forget the coupons of a pay day; the zero time: never. No entry of the
// day can still come then: entries are too late after c.Retain, wherever in the day they were paid.
func (c Config) closes(payDay int64, level int) time.Time {
	if c.Retain <= 0 {
		return time.Time{}
	}
	return startOf(payDay, c.Zone).Add(c.Retain + time.Duration(level)*day)
}

// closed guards what must never happen: a sequence that was forgotten and starts again. An entry's newest
// version can be young enough, and its pay day, which is the earliest of all versions, is not.
func (c Config) closed(payDay int64, level int, watermark time.Time) bool {
	at := c.closes(payDay, level)
	return !at.IsZero() && !watermark.Before(at)
}

// LoggedRequest is a record of coupon_requests.
type LoggedRequest struct {
	Request
	UpdatedAt string `json:"updated_at"` // when the newest record that led to it arrived: RFC 3339, ms
}

// rfc3339 shows an instant in the zone.
func (c Config) rfc3339(at time.Time) string { return at.In(c.Zone).Format(rfc3339Milli) }
