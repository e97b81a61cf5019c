package golden

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// premiumDrop is use case 002b. Premiums wait in their topic, and so does the dimension, behind them: whoever
// does not read it in whole first misses alerts. Inputs are keyed by id, so an id's premiums stay in order.
var premiumDrop = UseCase{
	Topology:       premiumDropTopology,
	Result:         premiumdrop.Alerts.Name,
	Key:            []string{"id"},
	Recompute:      recomputePremiumDrop,
	Dimension:      premiumdrop.RawInfo.Name,
	DimensionKey:   "id",
	DimensionTable: premiumdrop.Dimension.Name,
}

func premiumDropTopology(c Case) (*stream.Topology, error) {
	zone, err := c.Zone()
	if err != nil {
		return nil, err
	}
	return premiumdrop.Topology(premiumdrop.Config{Zone: zone})
}

// known is a row of the dimension.
type known struct{ premium, info *string }

// recomputePremiumDrop is the query, with doubles: for each record whose id is known, compare, then replace.
func recomputePremiumDrop(c Case) (rows []Row, refused []int, err error) {
	dimension, alerts := map[string]known{}, map[string]Row{}
	for _, b := range c.Dimension {
		var fields map[string]*json.RawMessage
		if err := json.Unmarshal(b, &fields); err != nil {
			return nil, nil, err
		}
		dimension[*plain(fields["id"])] = known{plain(fields["raw_premium"]), plain(fields["raw_info"])}
	}
	for i, in := range c.Inputs {
		records, ok := objects(in.Value)
		if !ok {
			refused = append(refused, i)
			continue
		}
		for _, r := range records {
			id := integer(plain(r["id"]))
			was, ok := dimension[id]
			if !ok {
				continue
			}
			now := known{plain(r["now_premium"]), plain(r["now_info"])}
			if fell(was, now) {
				alerts[id] = Row{"id": json.Number(id), "raw_info": value(was.info), "now_info": value(now.info), "raw_premium": value(was.premium), "now_premium": value(now.premium)}
			}
			dimension[id] = now
		}
	}
	rows = []Row{}
	for _, row := range alerts {
		rows = append(rows, row)
	}
	return rows, refused, nil
}

func fell(was, now known) bool {
	if was.premium == nil || now.premium == nil {
		return false
	}
	raw, err := strconv.ParseFloat(strings.TrimSpace(*was.premium), 64)
	next, err2 := strconv.ParseFloat(strings.TrimSpace(*now.premium), 64)
	return err == nil && err2 == nil && next < raw*0.85
}

// integer is a BIGINT as decimal digits.
func integer(s *string) string {
	if s == nil {
		return ""
	}
	text := strings.TrimSpace(*s)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatInt(int64(f), 10)
}

// value is a text or null.
func value(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
