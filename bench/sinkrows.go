package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// sinkTable is the widest of the result tables, with a key of two columns; its topic has the same name.
const sinkTable = collectTopic

// sinkRow is the number-th row that is written. The numbers of a key rise.
type sinkRow struct{ key, number int }

// sinkRowAt spreads keys so that no key comes again before all others have come.
func sinkRowAt(number, keys int) sinkRow { return sinkRow{number % keys * sinkPrime % keys, number} }

// sinkPrime is no factor of the number of keys.
const sinkPrime = 7919

func (r sinkRow) begin() string   { return fmt.Sprintf("2021-03-%02d 00:00:00", r.key%28+1) }
func (r sinkRow) channel() string { return "channel-" + strconv.Itoa(r.key) }

func (r sinkRow) recordKey() []byte { return []byte(r.begin() + "|" + r.channel()) }

func (r sinkRow) value() []byte {
	return fmt.Appendf(nil, `{"begin_time":"%s","channel_code":"%s","channel_name":"Website","cur_gmv":%d.25,"cur_order_user_count":%d,"cur_order_count":%d,`+
		`"last_pay_time":"2021-03-25 16:16:16","updated_at":"2021-03-25T16:16:16.123+08:00"}`, r.begin(), r.channel(), r.number, r.key, r.number)
}

// columns of the table, in the order of fields.
var sinkColumns = []string{"begin_time", "channel_code", "channel_name", "cur_gmv", "cur_order_user_count", "cur_order_count", "last_pay_time", "flink_current_time"}

func (r sinkRow) fields() []string {
	return []string{r.begin(), r.channel(), "Website", strconv.Itoa(r.number) + ".25", strconv.Itoa(r.key), strconv.Itoa(r.number), "2021-03-25 16:16:16", "2021-03-25T16:16:16.123+08:00"}
}

// sinkSum is what is compared of a table.
type sinkSum struct {
	rows, orders int64 // cur_order_count summed up
	quarters     int64 // cur_gmv summed up, in quarters of one
}

// recountSink is what a table holds after n records.
func recountSink(n, keys int) (s sinkSum) {
	for number := max(0, n-keys); number < n; number++ { // the last of each key
		s.rows++
		s.orders += int64(number)
		s.quarters += 4*int64(number) + 1
	}
	return s
}

// sinkBatch is how many rows a transaction has, at most: as the sink's.
const sinkBatch = 10_000

// sinkBatches are n rows for some connections, each of which has keys of its own, in transactions that are sorted by the
// primary key.
func sinkBatches(n, keys, connections int) (lanes [][][]sinkRow) {
	lanes = make([][][]sinkRow, connections)
	for number := range n {
		r := sinkRowAt(number, keys)
		lane := &lanes[r.key%connections]
		if last := len(*lane) - 1; last < 0 || len((*lane)[last]) == sinkBatch || number-(*lane)[last][0].number >= keys {
			*lane = append(*lane, nil)
		}
		at := &(*lane)[len(*lane)-1]
		*at = append(*at, r)
	}
	for _, lane := range lanes {
		for _, batch := range lane {
			slices.SortFunc(batch, func(a, b sinkRow) int {
				return cmp.Or(cmp.Compare(a.begin(), b.begin()), cmp.Compare(a.channel(), b.channel()))
			})
		}
	}
	return lanes
}
