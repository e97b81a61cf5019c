package main

import (
	"cmp"
	"math/rand/v2"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	dimensionTopic = "raw_info"
	tracesTopic    = "dh_prd_dm_account_wechat_trace"
	dropsTopic     = "wechat_activity_user"
	updatesTopic   = "raw_info_updates"
)

// dropCase has one row of the dimension for four traces. Of twenty traces one is of somebody who is not known.
func dropCase(n int) useCase {
	return useCase{
		name: "premiumdrop", about: "a dimension, and traces of premiums that change it",
		inputs: []string{dimensionTopic, tracesTopic}, outputs: []string{dropsTopic, updatesTopic},
		generate: func(out emit) outcome { return produceDrops(n, out) },
	}
}

// known is what is known of an id: the recount.
type known struct {
	cents   int64
	info    int // a text with this number
	version int64
}

// dropRow is what is compared of an alert, updateRow of an update.
type (
	dropRow struct {
		RawInfo    raw `json:"raw_info"`
		NowInfo    raw `json:"now_info"`
		RawPremium raw `json:"raw_premium"`
		NowPremium raw `json:"now_premium"`
	}
	updateRow struct {
		Premium raw   `json:"raw_premium"`
		Info    raw   `json:"raw_info"`
		Version int64 `json:"version"`
	}
)

func (k known) premium() raw { return quoted(money(nil, k.cents)) }
func (k known) text() raw    { return quoted(padded([]byte("terms "), k.info, 7)) }

func (k known) row() updateRow { return updateRow{k.premium(), k.text(), k.version} }

// dimensionRow and traceRow are records of the inputs.
func dimensionRow(b []byte, id int, k known) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), int64(id), 10)
	b = append(append(b, `,"raw_premium":`...), k.premium()...)
	b = append(append(b, `,"raw_info":`...), k.text()...)
	b = strconv.AppendInt(append(b, `,"version":`...), k.version, 10)
	return append(b, '}')
}

func traceRow(b []byte, id int, k known) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), int64(id), 10)
	b = append(b, `,"channel":"app","open_id":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M","event":"quote","now_premium":`...)
	b = append(b, k.premium()...)
	b = append(append(b, `,"now_info":`...), k.text()...)
	return append(b, `,"creator":"system","modifier":"system","gmt_modified":1616630400000}`...)
}

const dropRoom = 320

// compare makes a trace known, and reports whether the premium has fallen by more than 15 %.
func (k *known) compare(now known) (row dropRow, fell bool) {
	was := *k
	if was.cents != now.cents || was.info != now.info {
		*k = known{now.cents, now.info, was.version + 1}
	}
	return dropRow{was.text(), now.text(), was.premium(), now.premium()}, now.cents*100 < was.cents*85
}

func produceDrops(n int, out emit) outcome {
	var memory slab
	random := rand.New(rand.NewPCG(11, 11))
	key := func(id int) []byte { return strconv.AppendInt(nil, int64(id), 10) }
	dimension := make([]known, n/5+1)
	for id := range dimension {
		dimension[id] = known{10_000 + random.Int64N(1_000_000), random.IntN(1000), 1}
		out(dimensionTopic, key(id), memory.take(dimensionRow(memory.room(dropRoom), id, dimension[id])))
	}
	alerts, updates := map[string]dropRow{}, map[string]updateRow{}
	for range n - len(dimension) {
		id := random.IntN(len(dimension) * 20 / 19)
		now := known{cents: 10_000 + random.Int64N(1_000_000), info: random.IntN(1000)}
		if id < len(dimension) {
			held := &dimension[id]
			now.cents = max(1, held.cents*(70+random.Int64N(60))/100)
			before := *held
			if row, fell := held.compare(now); fell {
				alerts[string(key(id))] = row
			}
			if before != *held {
				updates[string(key(id))] = held.row()
			}
		}
		out(tracesTopic, key(id), memory.take(traceRow(memory.room(dropRoom), id, now)))
	}
	return newDropOutcome(alerts, updates)
}

// dropOutcome is two tables.
type dropOutcome struct {
	alerts  *table[dropRow]
	updates *table[updateRow]
}

func newDropOutcome(alerts map[string]dropRow, updates map[string]updateRow) outcome {
	return dropOutcome{newTable(dropsTopic, alerts), newTable(updatesTopic, updates)}
}

func (o dropOutcome) topics() []string { return []string{dropsTopic, updatesTopic} }
func (o dropOutcome) again() outcome   { return newDropOutcome(o.alerts.want, o.updates.want) }
func (o dropOutcome) compare() error   { return cmp.Or(o.alerts.compare(), o.updates.compare()) }

func (o dropOutcome) take(r *kgo.Record) error {
	if r.Topic == dropsTopic {
		return o.alerts.take(r)
	}
	return o.updates.take(r)
}
