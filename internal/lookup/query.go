package lookup

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query holds the parameters of a request, each at most once and all of them
// known to the route.
type query struct{ values url.Values }

// parseQuery refuses what it does not know: a misspelt limit that is silently
// ignored would cost its user an afternoon.
func parseQuery(r *http.Request, known ...string) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, badRequest("the query is malformed: %v", err)
	}
	for name, all := range values {
		if !slices.Contains(known, name) {
			return query{}, badRequest("parameter %q is not known here: %s", name, knownParameters(known))
		}
		if len(all) > 1 {
			return query{}, badRequest("parameter %s is given %d times: once at most", name, len(all))
		}
		if problem := checkText("parameter "+name, all[0]); problem != nil {
			return query{}, problem
		}
	}
	return query{values}, nil
}

func knownParameters(known []string) string {
	if len(known) == 0 {
		return "there are none"
	}
	return "known are " + strings.Join(known, ", ")
}

func (q query) has(name string) bool { return q.values.Has(name) }

func (q query) text(name string) string { return q.values.Get(name) }

// limit is 1 to 1000, by default 100.
func (q query) limit() (int, error) {
	if !q.has("limit") {
		return 100, nil
	}
	n, err := strconv.Atoi(q.text("limit"))
	if err != nil || n < 1 || n > 1000 {
		return 0, badRequest("limit is %q: a whole number from 1 to 1000 is needed", q.text("limit"))
	}
	return n, nil
}

// wait is a Go duration from 0s to longest.
func (q query) wait(longest time.Duration) (time.Duration, error) {
	if !q.has("wait") {
		return min(defaultWait, longest), nil
	}
	d, err := time.ParseDuration(q.text("wait"))
	if err != nil || d < 0 || d > longest {
		return 0, badRequest("wait is %q: a duration from 0s to %s is needed, such as 500ms or 5s", q.text("wait"), longest)
	}
	return d, nil
}

// minPosition is a position within the table's partitions.
func (q query) minPosition(info Info) (Position, error) {
	position, err := ParsePosition(q.text("min_position"))
	if err != nil {
		return nil, badRequest("min_position is malformed: %v; partition:offset[,partition:offset] is needed", err)
	}
	for _, mark := range position {
		if int(mark.Partition) >= info.Partitions {
			return nil, badRequest("min_position names partition %d: table %s has %d, from 0", mark.Partition, info.Name, info.Partitions)
		}
	}
	return position, nil
}
