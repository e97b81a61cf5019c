package channelgmv

import (
	"github.com/shopspring/decimal"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// Payer is what one payer, or the guests of one salt, paid in a channel on a day.
type Payer struct {
	Paid     codecs.Decimal `cbor:"1,keyasint" json:"paid"`
	Orders   int64          `cbor:"2,keyasint" json:"orders"`
	LastPaid string         `cbor:"3,keyasint" json:"last_pay_time"`
}

func (p *Payer) paid() *decimal.Decimal { return sum(&p.Paid) }
func (p *Payer) orders() *int64         { return &p.Orders }
func (p *Payer) lastPaid() *string      { return &p.LastPaid }

// Spending is a Payer on its way to its channel. Guests have no user and don't count as payers.
type Spending struct {
	BeginTime string `cbor:"1,keyasint"`
	Channel   string `cbor:"2,keyasint"`
	Guest     bool   `cbor:"3,keyasint,omitempty"`
	Payer     Payer  `cbor:"4,keyasint"`
}

func spending(row tables.Row[PayerDay, Payer]) (Spending, error) {
	parts, err := tables.SplitKey(row.Key)
	if err != nil {
		return Spending{}, err
	}
	return Spending{BeginTime: parts[0].V, Channel: parts[1].V, Guest: !parts[2].Valid, Payer: row.Value}, nil
}

func (s Spending) paid() (decimal.Decimal, bool) { return s.Payer.Paid.V, true }
func (s Spending) known() bool                   { return !s.Guest }
func (s Spending) orders() int64                 { return s.Payer.Orders }
func (s Spending) lastPaid() (string, bool)      { return s.Payer.LastPaid, true }

// ChannelDay is the key of a channel on a day: begin_time|channel_code.
type ChannelDay string

func (s Spending) channel() (ChannelDay, error) {
	return tables.JoinKey[ChannelDay](tables.Text(s.BeginTime), tables.Text(s.Channel))
}

// Totals is what was paid in a channel on a day.
type Totals struct {
	GMV      codecs.Decimal `cbor:"1,keyasint" json:"cur_gmv"`
	Payers   int64          `cbor:"2,keyasint" json:"cur_order_user_count"`
	Orders   int64          `cbor:"3,keyasint" json:"cur_order_count"`
	LastPaid string         `cbor:"4,keyasint" json:"last_pay_time"`
}

func (t *Totals) gmv() *decimal.Decimal { return sum(&t.GMV) }
func (t *Totals) payers() *int64        { return &t.Payers }
func (t *Totals) orders() *int64        { return &t.Orders }
func (t *Totals) lastPaid() *string     { return &t.LastPaid }

// sum is where a sum is added up; the sum of nothing is 0 and not null.
func sum(d *codecs.Decimal) *decimal.Decimal {
	d.Valid = true
	return &d.V
}

// ChannelTotal is a row of trade_channel_collect.
type ChannelTotal struct {
	BeginTime   string         `json:"begin_time"` // yyyy-MM-dd 00:00:00, the pay day of its orders
	ChannelCode string         `json:"channel_code"`
	ChannelName string         `json:"channel_name"`
	GMV         codecs.Decimal `json:"cur_gmv"` // a JSON number, exact
	Payers      int64          `json:"cur_order_user_count"`
	Orders      int64          `json:"cur_order_count"`
	LastPaid    string         `json:"last_pay_time"`
	UpdatedAt   string         `json:"updated_at"` // when the newest record that made the row arrived: RFC 3339, ms
}

// rfc3339Milli is RFC 3339 with milliseconds, always three.
const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

func (c Config) channelTotal(row tables.Row[ChannelDay, Totals]) (ChannelTotal, error) {
	parts, err := tables.SplitKey(row.Key)
	if err != nil {
		return ChannelTotal{}, err
	}
	begin, channel, t := parts[0].V, parts[1].V, row.Value
	return ChannelTotal{
		BeginTime: begin, ChannelCode: channel, ChannelName: channelName(channel),
		GMV: t.GMV, Payers: t.Payers, Orders: t.Orders, LastPaid: t.LastPaid,
		UpdatedAt: row.UpdatedAt.In(c.Zone).Format(rfc3339Milli),
	}, nil
}

func channelName(code string) string {
	switch code {
	case webShop:
		return "Website"
	case appShop:
		return "Shopping App"
	case miniAppShop:
		return "Miniprogram"
	}
	return "Other"
}
