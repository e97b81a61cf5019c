package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/channelgmv"
)

// channelGMV is use case 001, which counts from the case's current day on, and 001d, which counts all days.
var channelGMV = UseCase{
	Topology:  channelGMVTopology,
	Result:    channelgmv.TradeChannelCollect.Name,
	Key:       []string{"begin_time", "channel_code"},
	Sums:      map[string]string{"cur_gmv": "real_pay"},
	Normalise: func(row Row) { row["channel_name"] = strings.TrimPrefix(fmt.Sprint(row["channel_name"]), " ") }, // " Miniprogram" in 001
	Recompute: recomputeChannelGMV,
}

func channelGMVTopology(c Case) (*stream.Topology, error) {
	zone, err := c.Zone()
	if err != nil {
		return nil, err
	}
	config := channelgmv.Config{Zone: zone}
	if now, ok := c.Params["NOW"]; ok {
		if config.From, err = time.ParseInLocation(time.DateOnly, now[:len(time.DateOnly)], zone); err != nil {
			return nil, err
		}
	}
	return channelgmv.Topology(config)
}

// sale is a record of the query's input. A nil field is null.
type sale struct {
	OrderID   *json.RawMessage `json:"order_id"`
	Channel   *string          `json:"order_channel"`
	OrderTime *string          `json:"order_time"`
	PayAmount *json.RawMessage `json:"pay_amount"`
	RealPay   *json.RawMessage `json:"real_pay"`
	PayTime   *string          `json:"pay_time"`
	User      *json.RawMessage `json:"user_id"`
	paid      *big.Rat
}

// recomputeChannelGMV is the query, line by line: where, row_number() = 1, group by.
func recomputeChannelGMV(c Case) (rows []Row, refused []int, err error) {
	newest := map[string]sale{}
	for i, in := range c.Inputs {
		s, ok := readSale(in.Value, c.UseCase == "001")
		if !ok {
			refused = append(refused, i)
			continue
		}
		if s.paid == nil || s.PayTime == nil || *s.PayTime < startOfDay(c.Params["NOW"]) {
			continue
		}
		id := string(bytes.Trim(deref(s.OrderID), `"`))
		if held, ok := newest[id]; !ok || deref(s.OrderTime) > deref(held.OrderTime) || held.OrderTime == nil && s.OrderTime != nil {
			newest[id] = s
		}
	}
	return totals(c, newest), refused, nil
}

// readSale reads a record; false: Flink's job fails on it.
func readSale(value []byte, needsChannel bool) (s sale, ok bool) {
	if json.Unmarshal(value, &s) != nil {
		return s, false
	}
	if s.paid, ok = number(s.RealPay); !ok {
		return s, false
	}
	if _, ok = number(s.PayAmount); !ok {
		return s, false
	}
	return s, s.Channel != nil || !needsChannel
}

// number reads a JSON number, also in quotes; nil: null.
func number(raw *json.RawMessage) (*big.Rat, bool) {
	if raw == nil {
		return nil, true
	}
	return new(big.Rat).SetString(strings.TrimSpace(string(bytes.Trim(*raw, `"`))))
}

// startOfDay is the start of the day of now; without now there is none.
func startOfDay(now string) string {
	if now == "" {
		return ""
	}
	return now[:10] + " 00:00:00"
}

func totals(c Case, orders map[string]sale) []Row {
	groups := map[[2]string][]sale{}
	for _, s := range orders {
		begin := cmp.Or(startOfDay(c.Params["NOW"]), startOfDay(*s.PayTime))
		k := [2]string{begin, channelOf(s)}
		groups[k] = append(groups[k], s)
	}
	rows := []Row{}
	for k, sales := range groups {
		rows = append(rows, total(k[0], k[1], sales))
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(text(a), text(b)) })
	return rows
}

func total(begin, channel string, sales []sale) Row {
	sum, last, users := new(big.Rat), "", map[string]bool{}
	for _, s := range sales {
		sum.Add(sum, s.paid)
		last = max(last, *s.PayTime)
		if s.User != nil {
			users[string(bytes.Trim(*s.User, `"`))] = true
		}
	}
	return Row{
		"begin_time": begin, "channel_code": channel, "last_pay_time": last,
		"channel_name":         map[string]string{"webShop": "Website", "appShop": "Shopping App", "miniAppShop": "Miniprogram", "other": "Other"}[channel],
		"cur_gmv":              json.Number(sum.FloatString(10)),
		"cur_order_user_count": json.Number(fmt.Sprint(len(users))),
		"cur_order_count":      json.Number(fmt.Sprint(len(sales))),
	}
}

func channelOf(s sale) string {
	switch channel := deref(s.Channel); channel {
	case "webShop", "appShop", "miniAppShop":
		return channel
	}
	return "other"
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
