package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
)

// hourlyPremium is use case 002a. The last values of an order are those that arrive last: inputs are keyed by
// id, so they stay in order with any number of partitions.
var hourlyPremium = UseCase{
	Topology:  hourlyPremiumTopology,
	Result:    hourlypremium.HourlyPremiums.Name,
	Key:       []string{"biz_date"},
	Sums:      map[string]string{"total_premium": "account_payble"},
	Recompute: recomputeHourlyPremium,
}

func hourlyPremiumTopology(c Case) (*stream.Topology, error) {
	zone, err := c.Zone()
	if err != nil {
		return nil, err
	}
	from, err := c.today(zone)
	if err != nil {
		return nil, err
	}
	return hourlypremium.Topology(hourlypremium.Config{Zone: zone, From: from})
}

// today is the start of the day of NOW_SEC.
func (c Case) today(zone *time.Location) (time.Time, error) {
	sec, err := strconv.ParseInt(c.Params["NOW_SEC"], 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("parameter NOW_SEC: %w", err)
	}
	y, m, d := time.Unix(sec, 0).In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), nil
}

// policyOrder is a record of the query's input, and the last values of an order. A nil field is null.
type policyOrder struct {
	id, modified   *big.Int
	orderNo, phone *string
	premium        *big.Rat
}

// recomputeHourlyPremium is the query, line by line: where, last_value, group by.
func recomputeHourlyPremium(c Case) (rows []Row, refused []int, err error) {
	zone, err := c.Zone()
	if err != nil {
		return nil, nil, err
	}
	from, err := c.today(zone)
	if err != nil {
		return nil, nil, err
	}
	orders := map[string]policyOrder{}
	for i, in := range c.Inputs {
		o, ok := readPolicyOrder(in.Value)
		if !ok {
			refused = append(refused, i)
			continue
		}
		if o.modified == nil || o.modified.Int64() < from.UnixMilli() {
			continue
		}
		id := fmt.Sprint(o.id)
		orders[id] = orders[id].updated(o)
	}
	return premiums(orders, zone), refused, nil
}

// readPolicyOrder reads a record; false: Flink's job fails on it.
func readPolicyOrder(value []byte) (o policyOrder, ok bool) {
	var fields map[string]*json.RawMessage
	if json.Unmarshal(value, &fields) != nil {
		return o, false
	}
	var idOK, timeOK, premiumOK bool
	o.id, idOK = bigint(fields["id"])
	o.modified, timeOK = bigint(fields["gmt_modified"])
	o.premium, premiumOK = number(fields["account_payble"])
	o.orderNo, o.phone = plain(fields["order_no"]), plain(fields["customer_tel"])
	return o, idOK && timeOK && premiumOK
}

// bigint reads a BIGINT: a JSON number without its fraction, or an integer in quotes.
func bigint(raw *json.RawMessage) (*big.Int, bool) {
	x, ok := number(raw)
	if x == nil || !ok {
		return nil, ok
	}
	if !x.IsInt() && bytes.HasPrefix(*raw, []byte(`"`)) {
		return nil, false
	}
	return new(big.Int).Quo(x.Num(), x.Denom()), true
}

// plain is the text of a VARCHAR.
func plain(raw *json.RawMessage) *string {
	if raw == nil {
		return nil
	}
	s := string(*raw)
	if strings.HasPrefix(s, `"`) && json.Unmarshal(*raw, &s) != nil {
		return nil
	}
	return &s
}

func (o policyOrder) updated(by policyOrder) policyOrder {
	return policyOrder{
		id: by.id, modified: by.modified,
		orderNo: coalesce(by.orderNo, o.orderNo), phone: coalesce(by.phone, o.phone), premium: coalesce(by.premium, o.premium),
	}
}

func coalesce[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func premiums(orders map[string]policyOrder, zone *time.Location) []Row {
	hours := map[string][]policyOrder{}
	for _, o := range orders {
		hour := time.UnixMilli(o.modified.Int64()).In(zone).Format("2006010215")
		hours[hour] = append(hours[hour], o)
	}
	rows := []Row{}
	for hour, os := range hours {
		sum, policies, holders := new(big.Rat), map[string]bool{}, map[string]bool{}
		for _, o := range os {
			if o.premium != nil {
				sum.Add(sum, o.premium)
			}
			if o.orderNo != nil {
				policies[*o.orderNo] = true
			}
			if o.phone != nil {
				holders[*o.phone] = true
			}
		}
		rows = append(rows, Row{
			"biz_date": hour, "total_premium": json.Number(sum.FloatString(10)),
			"policy_cnt": json.Number(fmt.Sprint(len(policies))), "policy_holder_cnt": json.Number(fmt.Sprint(len(holders))),
		})
	}
	return rows
}
