package golden

import (
	"encoding/json"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/lastpage"
)

// lastPage is use case 002c. Last is what arrives last: inputs are keyed by account, so they stay in order
// with any number of partitions.
var lastPage = UseCase{
	Topology:  lastPageTopology,
	Result:    lastpage.UserLastLog.Name,
	Key:       []string{"account_id", "device_id"},
	Recompute: recomputeLastPage,
}

func lastPageTopology(c Case) (*stream.Topology, error) {
	zone, err := c.Zone()
	if err != nil {
		return nil, err
	}
	return lastpage.Topology(lastpage.Config{Zone: zone, Order: lastpage.ByArrival})
}

// recomputeLastPage is the query, line by line: where, last_value, group by.
func recomputeLastPage(c Case) (rows []Row, refused []int, err error) {
	last := map[string]Row{}
	rows = []Row{}
	for i, in := range c.Inputs {
		visits, ok := objects(in.Value)
		if !ok {
			refused = append(refused, i)
			continue
		}
		for _, v := range visits {
			if plain(v["account_id"]) == nil {
				continue
			}
			group := Row{}
			group.set("account_id", v)
			group.set("device_id", v)
			row := last[text(group)]
			if row == nil {
				row = group
				last[text(group)] = row
				row["bury_point_type"], row["page_name"] = nil, nil
				rows = append(rows, row)
			}
			row.set("bury_point_type", v)
			row.set("page_name", v)
		}
	}
	return rows, refused, nil
}

// set takes over a VARCHAR, unless it is null and there is a value.
func (row Row) set(column string, from map[string]*json.RawMessage) {
	if s := plain(from[column]); s != nil {
		row[column] = *s
	} else if _, there := row[column]; !there {
		row[column] = nil
	}
}

// objects reads a value: an object, or an array of them; false: Flink's job fails on it.
func objects(value []byte) (all []map[string]*json.RawMessage, ok bool) {
	if len(value) == 0 {
		return nil, true
	}
	var one map[string]*json.RawMessage
	if json.Unmarshal(value, &one) == nil {
		return append(all, one), true
	}
	return all, json.Unmarshal(value, &all) == nil
}
