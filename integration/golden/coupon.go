package golden

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/coupon"
)

// couponSpend is use case 000. It does not depend on the order of arrival.
var couponSpend = UseCase{
	Topology:  couponTopology,
	Result:    coupon.TddlOutput.Name,
	Key:       []string{"buyer_id", "effect_time"},
	Recompute: recomputeCoupon,
}

func couponTopology(c Case) (*stream.Topology, error) {
	zone, err := c.Zone()
	if err != nil {
		return nil, err
	}
	return coupon.Topology(coupon.Config{Zone: zone})
}

// entry is a record of the query's input, or the minima of some. A nil field is null.
type entry struct {
	buyer, payTime, created, modified *string
	fee                               *big.Rat
}

// recomputeCoupon is the query, line by line: union all, min per order and status, sum per buyer and day.
// Buyers are numbers, and what has no buyer or day is left out.
func recomputeCoupon(c Case) (rows []Row, refused []int, err error) {
	orders := map[string]entry{}
	for i, in := range c.Inputs {
		var fields map[string]*json.RawMessage
		if json.Unmarshal(in.Value, &fields) != nil {
			refused = append(refused, i)
			continue
		}
		e, ok := readEntry(fields)
		if !ok {
			refused = append(refused, i)
			continue
		}
		group := text(Row{"order": plain(fields["biz_order_id"]), "status": plain(fields["pay_status"])})
		if held, ok := orders[group]; ok {
			e = smallest(held, e)
		}
		orders[group] = e
	}
	return dailySpends(orders), refused, nil
}

// readEntry reads a record; false: Flink's job fails on it. A payment has no refund_fee, and the other way
// round.
func readEntry(fields map[string]*json.RawMessage) (e entry, ok bool) {
	e = entry{
		buyer: plain(fields["buyer_id"]), payTime: plain(fields["pay_time"]),
		created: plain(fields["gmt_create"]), modified: plain(fields["gmt_modified"]),
	}
	if e.buyer != nil {
		if _, err := strconv.Atoi(strings.TrimSpace(*e.buyer)); err != nil {
			return e, false
		}
	}
	e.fee, ok = number(coalesce(fields["div_idx_actual_total_fee"], fields["refund_fee"]))
	return e, ok
}

func smallest(a, b entry) entry {
	return entry{
		buyer: lesser(a.buyer, b.buyer, codeUnits), payTime: lesser(a.payTime, b.payTime, codeUnits),
		created: lesser(a.created, b.created, codeUnits), modified: lesser(a.modified, b.modified, codeUnits),
		fee: lesser(a.fee, b.fee, func(x, y *big.Rat) int { return x.Cmp(y) }),
	}
}

func lesser[T any](a, b *T, compare func(x, y *T) int) *T {
	if a == nil || b != nil && compare(b, a) < 0 {
		return b
	}
	return a
}

// codeUnits compares text as Java does.
func codeUnits(a, b *string) int {
	return slices.Compare(utf16.Encode([]rune(*a)), utf16.Encode([]rune(*b)))
}

func dailySpends(orders map[string]entry) []Row {
	type buyerDay struct{ buyer, day int }
	days := map[buyerDay][]entry{}
	for _, e := range orders {
		day, readable := payDay(e.payTime)
		if e.buyer == nil || !readable {
			continue
		}
		buyer, _ := strconv.Atoi(strings.TrimSpace(*e.buyer))
		days[buyerDay{buyer, day}] = append(days[buyerDay{buyer, day}], e)
	}
	rows := []Row{}
	for k, es := range days {
		row, amount := dailySpend(es)
		row["buyer_id"], row["effect_time"] = json.Number(strconv.Itoa(k.buyer)), json.Number(strconv.Itoa(k.day))
		if amount.Sign() > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func dailySpend(es []entry) (row Row, amount *big.Int) {
	var created, modified *string
	amount = new(big.Int)
	for _, e := range es {
		created = lesser(created, e.created, codeUnits)
		modified = lesser(modified, e.modified, func(x, y *string) int { return codeUnits(y, x) })
		if e.fee != nil {
			yuan := new(big.Rat).Quo(e.fee, big.NewRat(100, 1))
			amount.Add(amount, new(big.Int).Quo(yuan.Num(), yuan.Denom()))
		}
	}
	row = Row{"cumulate_amount": json.Number(amount.String()), "gmt_create": nil, "gmt_modified": nil}
	if created != nil {
		row["gmt_create"] = *created
	}
	if modified != nil {
		row["gmt_modified"] = *modified
	}
	return row, amount
}

var payTimeForm = regexp.MustCompile(`^(\d{4})-(\d\d?)-(\d\d?)(?: (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?)?$`)

// payDay is the day of a pay_time as yyyyMMdd; false: it can't be read.
func payDay(text *string) (int, bool) {
	if text == nil {
		return 0, false
	}
	found := payTimeForm.FindStringSubmatch(strings.TrimSpace(*text))
	if found == nil {
		return 0, false
	}
	var n [7]int
	for i, digits := range found {
		n[i], _ = strconv.Atoi(digits)
	}
	last := time.Date(n[1], time.Month(n[2]+1), 0, 0, 0, 0, 0, time.UTC)
	if n[2] < 1 || n[2] > 12 || n[3] < 1 || n[3] > 31 {
		return 0, false
	}
	at := time.Date(n[1], time.Month(n[2]), min(n[3], last.Day()), n[4], n[5], n[6], 0, time.UTC)
	day, _ := strconv.Atoi(fmt.Sprintf("%04d%s", max(at.Year(), 1), at.Format("0102")))
	return day, true
}
