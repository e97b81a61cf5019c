package lookup

import "net/http"

// Ruled is a Table that holds partial matches of rules, some of which came as data while the program ran. A Table
// need not be.
type Ruled interface {
	// Rules returns the rules of a partition of the table in the order in which they came, or false if all rules of the
	// table are part of the program.
	Rules(partition int32) ([]RuleVersion, bool, error)
}

// RuleVersion is a version of a rule. Times are event times in ms.
type RuleVersion struct {
	Rule     string `json:"-"`
	Version  *int   `json:"version"`  // null: the rule is part of the program
	State    string `json:"state"`    // active, shadow or paused
	From     *int64 `json:"from"`     // events from here on are looked at; null: all
	Until    *int64 `json:"until"`    // from here on it goes on with what it has begun; null: it is in force
	Matches  int64  `json:"matches"`  // results in the key's partition; those of a shadow were not written
	Timeouts int64  `json:"timeouts"` // the same of partial matches that timed out
}

// ruledTable is the table of a rule that only came as data: with the key's partition, it knows the rule.
func (h *Handler) ruledTable(rule, key, name string) (Table, error) {
	for _, n := range h.names {
		table := h.tables[n]
		versions, err := versionsOf(table, rule, key)
		if err != nil {
			return nil, h.unreadable(table, err)
		}
		if len(versions) > 0 && (name == "" || name == n) {
			return table, nil
		}
	}
	return nil, fail(http.StatusNotFound, codeUnknownPattern, "no table holds partial matches of a pattern %q: %s has the patterns of each", rule, routeTables)
}

// versionsOf are the versions of a rule that a table has with a key; none: it does not have it, or rules do not come as data
// there.
func versionsOf(table Table, rule, key string) ([]RuleVersion, error) {
	ruled, is := table.(Ruled)
	if !is {
		return nil, nil
	}
	all, live, err := ruled.Rules(table.PartitionOf(key))
	if err != nil || !live {
		return nil, err
	}
	var its []RuleVersion
	for _, v := range all {
		if v.Rule == rule {
			its = append(its, v)
		}
	}
	return its, nil
}
