package main

import (
	"encoding/json"
	"testing"
)

func TestOrdersAreJSONAndAThirdAreLaterVersions(t *testing.T) {
	const n = 20_000
	g, seen := newOrders(), map[string]bool{}
	for range n {
		o := g.take()
		var got struct {
			ID   string `json:"order_id"`
			Pay  string `json:"real_pay"`
			At   string `json:"order_time"`
			Paid string `json:"pay_time"`
		}
		b := o.append(nil)
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if cents, err := parseCents([]byte(got.Pay)); err != nil || cents != o.cents {
			t.Errorf("%s: real_pay is %d cents, want %d (%v)", b, cents, o.cents, err)
		}
		if got.At[:10] != o.day || got.Paid < got.At {
			t.Errorf("%s: ordered %s, paid %s", b, got.At, got.Paid)
		}
		seen[got.ID] = true
	}
	if later := float64(n-len(seen)) / n; later < 0.25 || later > 0.35 {
		t.Errorf("%.2f of the records are later versions", later)
	}
}

func TestTheLedgerKeepsTheNewestVersionAndTheFirstOfEqualOnes(t *testing.T) {
	at := func(number, second, user int, cents int64) order {
		return order{number: number, channel: "qqShop", user: user, at: second, day: reportDay, cents: cents}
	}
	l := ledger{}
	for _, o := range []order{at(1, 100, 7, 100), at(1, 300, 7, 250), at(1, 200, 7, 999), at(1, 300, 7, 999), at(2, 50, 7, 50)} {
		l.add(o)
	}
	old := at(3, 400, 8, 777)
	old.day = dayBefore
	l.add(old)
	want := channelRow{Begin: reportDay + " 00:00:00", Code: "other", Name: "Other", Payers: 1, Orders: 2, LastPaid: reportDay + " 00:06:00", Cents: 300}
	if got := l.rows(); len(got) != 1 || got["other"] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAmountsAreReadExactly(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "12": 1200, "12.3": 1230, "12.34": 1234, "123456789012.01": 12345678901201} {
		if got, err := parseCents([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"1.234", "x", ""} {
		if got, err := parseCents([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestRowsOfBothProgramsReadTheSame(t *testing.T) {
	want := channelRow{Begin: reportDay + " 00:00:00", Code: "webShop", Name: "Website", Payers: 2, Orders: 3, LastPaid: reportDay + " 10:00:00", Cents: 123456789012}
	ours, err := collectRow([]byte(`{"begin_time":"2021-03-25 00:00:00","channel_code":"webShop","channel_name":"Website","cur_gmv":1234567890.12,"cur_order_user_count":2,"cur_order_count":3,"last_pay_time":"2021-03-25 10:00:00","updated_at":"x"}`))
	if err != nil || ours != want {
		t.Errorf("ours: %+v, %v", ours, err)
	}
	flink, err := flinkRow([]byte(`{"begin_time":"2021-03-25 00:00:00","channel_code":"webShop","channel_name":"Website","cur_gmv":1.2345678901200001E9,"cur_order_user_count":2,"cur_order_count":3,"last_pay_time":"2021-03-25 10:00:00"}`))
	if err != nil || flink != want {
		t.Errorf("Flink: %+v, %v", flink, err)
	}
	other := want
	other.Cents++
	if compareRows(map[string]channelRow{"webShop": other}, map[string]channelRow{"webShop": want}) == nil {
		t.Error("a cent too many is not noticed")
	}
}
