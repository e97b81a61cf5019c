package main

import (
	"math/rand/v2"
	"strconv"
)

const (
	visitsTopic = "edw_zy_evt_bury_point_log"
	pagesTopic  = "user_last_log"
)

// pageCase is a log of visits, half of which arrive some minutes late.
func pageCase(n int) useCase {
	return useCase{
		name: "lastpage", about: "the last page per account and device",
		inputs: []string{visitsTopic}, outputs: []string{pagesTopic},
		generate: func(out emit) outcome { return producePages(n, out) },
	}
}

// visit is a record of the log. A kind or page of 0 is null.
type visit struct {
	account, device int // account 0: nobody was logged in
	at              int64
	kind, page      int
}

func (v visit) key() []byte {
	b := append(padded([]byte("acc"), v.account, 8), "|dev"...)
	return strconv.AppendInt(b, int64(v.device), 10)
}

func kindText(n int) raw { return numberedText("type", n) }
func pageText(n int) raw { return numberedText("/page/", n) }

func numberedText(prefix string, n int) raw {
	if n == 0 {
		return "null"
	}
	return quoted(strconv.AppendInt([]byte(prefix), int64(n), 10))
}

const visitRoom = 200

func (v visit) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"log_time":`...), v.at, 10)
	b = strconv.AppendInt(append(b, `,"device_id":"dev`...), int64(v.device), 10)
	b = append(b, `","account_id":`...)
	if v.account == 0 {
		b = append(b, "null"...)
	} else {
		b = append(padded(append(b, `"acc`...), v.account, 8), '"')
	}
	b = append(append(b, `,"bury_point_type":`...), kindText(v.kind)...)
	b = append(append(b, `,"page_name":`...), pageText(v.page)...)
	return append(b, '}')
}

// pageRow is what is compared of a row of user_last_log.
type pageRow struct {
	Account raw `json:"account_id"`
	Device  raw `json:"device_id"`
	Kind    raw `json:"bury_point_type"`
	Page    raw `json:"page_name"`
}

// lastSeen is the recount of one device: what was logged last, with its time.
type lastSeen struct {
	kind, page     int
	kindAt, pageAt int64
}

func (l *lastSeen) add(v visit) {
	if v.kind != 0 && v.at >= l.kindAt {
		l.kind, l.kindAt = v.kind, v.at
	}
	if v.page != 0 && v.at >= l.pageAt {
		l.page, l.pageAt = v.page, v.at
	}
}

func producePages(n int, out emit) outcome {
	var memory slab
	random := rand.New(rand.NewPCG(13, 13))
	type device struct{ account, device int }
	held := map[device]*lastSeen{}
	start := firstHour.UnixMilli()
	for i := range n {
		v := visit{account: random.IntN(n/10+1) * min(1, random.IntN(20)), device: 1 + random.IntN(2), kind: random.IntN(8), page: random.IntN(200)}
		v.at = start + 3_600_000 + int64(i)*20 - random.Int64N(2)*random.Int64N(600_000)
		if at := (device{v.account, v.device}); v.account > 0 {
			if held[at] == nil {
				held[at] = &lastSeen{}
			}
			held[at].add(v)
		}
		out(visitsTopic, v.key(), memory.take(v.append(memory.room(visitRoom))))
	}
	rows := make(map[string]pageRow, len(held))
	for at, l := range held {
		rows[string(visit{account: at.account, device: at.device}.key())] = pageRow{
			quoted(padded([]byte("acc"), at.account, 8)), quoted(strconv.AppendInt([]byte("dev"), int64(at.device), 10)), kindText(l.kind), pageText(l.page),
		}
	}
	return newTableOutcome[pageRow](pagesTopic, rows, nil)
}
