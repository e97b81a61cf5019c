package golden

import (
	"fmt"
	"maps"
	"strings"
)

// Exception is a case that we answer otherwise than Flink, on purpose: what changes in Flink's answer.
type Exception struct {
	// Reason says why. docs/semantics.md says more.
	Reason string
	// Rows are rows, as JSON, that replace those of Flink's with their keys, or are there besides.
	Rows []string
	// Gone are the keys of Flink's rows that are not there.
	Gone []string
	// Dimension are rows of the dimension at the end, as JSON, that replace those of Flink's.
	Dimension []string
	// DeadLetters is what the reasons of all dead letters contain, in any order.
	DeadLetters []string
}

// Exceptions by use case and case. One that is no longer needed fails the test.
var Exceptions = map[string]Exception{
	"000/extreme_amounts": {
		// Orders of buyer 314 (1e22 twice), 315 (9e18), 316 (NaN, and another order of 500) and 317 (Infinity,
		// refunded). Flink's row of 316 has the gmt_create of the order with NaN, which it counts as 0.
		Reason: "a fee of 10^15 or more, NaN and Infinity are mistakes of the sender; Flink cuts them to the range of BIGINT, or to 0",
		Rows: []string{
			`{"gmt_create":"2020-11-11 00:00:02","gmt_modified":"2020-11-11 00:00:02","buyer_id":316,"cumulate_amount":5,"effect_time":20201111}`,
		},
		Gone: []string{"315|20201111"},
		DeadLetters: []string{
			`"1e+22" is out of range`, `"1e+22" is out of range`, `"9e+18" is out of range`,
			`field "div_idx_actual_total_fee": "NaN" is not a decimal number`,
			`field "div_idx_actual_total_fee": "Infinity" is not a decimal number`,
			`field "refund_fee": "-Infinity" is not a decimal number`,
		},
	},
	"001/json_dbl_big": {
		Reason:      "an amount of 10^15 or more is a mistake of the sender; Flink reads 1e400 as Infinity, and the channel's total stays so",
		Gone:        []string{"2021-03-25 00:00:00|webShop"},
		DeadLetters: []string{`field "real_pay": "1e400" is out of range`},
	},
	"001/json_dbl_nan": {
		Reason:      "NaN is no amount; in Flink the channel's total stays NaN for ever",
		Gone:        []string{"2021-03-25 00:00:00|webShop"},
		DeadLetters: []string{`field "real_pay": "NaN" is not a decimal number`},
	},
	"001/json_dbl_hex": {
		Reason:      "hexadecimal text is no amount; Flink counts 0x1p3 as 8",
		Gone:        []string{"2021-03-25 00:00:00|webShop"},
		DeadLetters: []string{`field "real_pay": "0x1p3" is not a decimal number`},
	},
	"001/paid_tomorrow_is_counted": {
		// 5601 (10.00, user 0001, webShop) was paid on the 26th, 5602 (20.00, user 0001, appShop) on the 28th;
		// 5603 (20.00, appShop) has the pay_time "9", 5604 "2021-03-25": Flink leaves out only the last one.
		Reason: "an order counts on the day on which it was paid, and a pay_time must be a time; the query has no upper bound and compares text",
		Rows: []string{
			`{"begin_time":"2021-03-25 00:00:00","channel_code":"webShop","channel_name":"Website","cur_gmv":328.8,"cur_order_user_count":2,"cur_order_count":2,"last_pay_time":"2021-03-25 06:40:47"}`,
			`{"begin_time":"2021-03-25 00:00:00","channel_code":"appShop","channel_name":"Shopping App","cur_gmv":1305.2,"cur_order_user_count":5,"cur_order_count":8,"last_pay_time":"2021-03-25 20:50:26"}`,
			`{"begin_time":"2021-03-26 00:00:00","channel_code":"webShop","channel_name":"Website","cur_gmv":10.0,"cur_order_user_count":1,"cur_order_count":1,"last_pay_time":"2021-03-26 00:00:00"}`,
			`{"begin_time":"2021-03-28 00:00:00","channel_code":"appShop","channel_name":"Shopping App","cur_gmv":20.0,"cur_order_user_count":1,"cur_order_count":1,"last_pay_time":"2021-03-28 00:00:07"}`,
		},
		DeadLetters: []string{`pay_time "9" is not a time`, `pay_time "2021-03-25" is not a time`},
	},
	"001/order_time_formats_compare_as_text": {
		// 6001 was ordered at 10:00:00 (10.00) and at 9:30:00 (20.00): as text the second is larger.
		Reason: "order_time is compared as time where it is one: 10:00:00 is later than 9:30:00",
		Rows: []string{
			`{"begin_time":"2021-03-25 00:00:00","channel_code":"webShop","channel_name":"Website","cur_gmv":977.1,"cur_order_user_count":3,"cur_order_count":8,"last_pay_time":"2021-03-25 21:37:33"}`,
		},
	},
	"001/null_user_and_missing_fields":  withoutNullIDs,
	"001d/null_user_and_missing_fields": withoutNullIDs,
	"001/null_channel_error": {
		// 5801 (10.00, user 0001) has no channel, and joins 0000 and 0001, of unknown channels.
		Reason: "an order without a channel was paid all the same: it counts as other; Flink's job fails",
		Rows: []string{
			`{"begin_time":"2021-03-25 00:00:00","channel_code":"other","channel_name":"Other","cur_gmv":176.6,"cur_order_user_count":3,"cur_order_count":3,"last_pay_time":"2021-03-25 14:48:20"}`,
		},
	},
	"002a/nulls_keep_the_previous_value": {
		// Two records have no id: k9 (5.00) and k8 (6.00), both of phone t9, at nine.
		Reason: "records without id are not about one order: dead letters; to Flink they are an order, of which the last record counts",
		Rows: []string{
			`{"biz_date":"2020110909","total_premium":70.0,"policy_cnt":1,"policy_holder_cnt":1}`,
		},
		DeadLetters: []string{"id is missing", "id is missing"},
	},
	"002b/floating_point_boundary": {
		// 1.12 and 0.952, 1.36 and 1.156, ...: with 3 and 2.55, and six others, Flink does not alert.
		Reason: "a premium that is exactly 15 % lower is not more than 15 % lower; as a double it is, or is not",
		Gone:   []string{"24", "25", "26", "27", "28", "29", "30"},
	},
	"002b/null_and_invalid_amounts": {
		// The premiums of 32 (null), 33 (abc) and 35 (empty text) are followed by ones that are 90 % lower.
		Reason: "a premium that is missing or no number is a mistake of the sender and leaves the dimension as it was; in Flink it silences the next one",
		Rows: []string{
			`{"id":32,"raw_info":"raw32","now_info":"after null","raw_premium":"100","now_premium":"10"}`,
			`{"id":33,"raw_info":"raw33","now_info":"after bad","raw_premium":"100","now_premium":"10"}`,
			`{"id":35,"raw_info":"raw35","now_info":"x","raw_premium":"100","now_premium":"1"}`,
		},
		DeadLetters: []string{"now_premium is missing", `now_premium "abc" is not a decimal number`, `now_premium "" is not a decimal number`},
	},
	"002b/text_forms_of_numbers": {
		Reason: "80f, 0x50 and full-width digits are no decimal numbers; Flink reads the first, and stores the others",
		Gone:   []string{"41"},
		Dimension: []string{
			`{"id":41,"raw_premium":"100","raw_info":"raw41"}`,
			`{"id":44,"raw_premium":"100","raw_info":"raw44"}`,
			`{"id":45,"raw_premium":"100","raw_info":"raw45"}`,
		},
		DeadLetters: []string{`now_premium "80f" is not`, `now_premium "0x50" is not`, `now_premium "８０" is not`},
	},
	"002c/json_str_forms": {
		Reason:      "a zero byte can't be part of a key: in the store it parts a row from its sub-rows",
		Gone:        []string{`{"account_id":"5","device_id":"a\u0000b"}`},
		DeadLetters: []string{"contains the byte 0x00"},
	},
}

// Two records of appShop have no order_id: versions of 20.00 and 30.00, the later of which Flink counts, for
// user 0001 who has ordered besides. A third record, 5703, has no pay_time; Flink drops it silently.
var withoutNullIDs = Exception{
	Reason: "records without order_id are not versions of one order, and a payment without pay_time must not vanish: dead letters",
	Rows: []string{
		`{"begin_time":"2021-03-25 00:00:00","channel_code":"appShop","channel_name":"Shopping App","cur_gmv":395.4,"cur_order_user_count":3,"cur_order_count":3,"last_pay_time":"2021-03-25 19:35:57"}`,
	},
	DeadLetters: []string{"order_id is missing", "order_id is missing", "pay_time is missing"},
}

// Except is the answer as an exception changes it.
func (a Answer) Except(u UseCase, x Exception) (Answer, error) {
	rows := maps.Clone(a.rows)
	for _, k := range x.Gone {
		if rows[k] == nil {
			return a, fmt.Errorf("row %s, which the exception leaves out, is not there to begin with", k)
		}
		delete(rows, k)
	}
	for _, line := range x.Rows {
		row, err := readRow([]byte(line))
		if err != nil {
			return a, fmt.Errorf("row of the exception, %s: %w", strings.TrimSpace(line), err)
		}
		k, err := u.key(row)
		if err != nil {
			return a, err
		}
		rows[k] = row
	}
	dimension, err := a.exceptDimension(u, x.Dimension)
	return Answer{rows: rows, scale: a.scale, reasons: x.DeadLetters, dimension: dimension}, err
}
