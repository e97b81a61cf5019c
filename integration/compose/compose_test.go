package compose_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/compose"
)

func TestWhatComesInIsInTheTablesAndTheLookUp(t *testing.T) {
	p := compose.Start(t)
	db := p.Database(t)
	feed(t, p, db)
	t.Run("sales", func(t *testing.T) { sales(t, p, db) })
	t.Run("spend", func(t *testing.T) {
		db.Await(t, "SELECT buyer_id, effect_time, cumulate_amount, gmt_create, gmt_modified FROM tddl_output",
			"104|20201112|121|2020-11-12 06:41:04|2020-11-12 20:32:17")
	})
	t.Run("premiums", func(t *testing.T) {
		db.Await(t, "SELECT biz_date, total_premium, policy_cnt, policy_holder_cnt FROM adm_pfm_zy_order_gmv_msx_hs", "2020110910|10.5|1|1")
	})
	t.Run("pages", func(t *testing.T) {
		db.Await(t, "SELECT account_id, device_id, bury_point_type, page_name FROM user_last_log", "a|d|click|home")
	})
	t.Run("clicks", func(t *testing.T) { clicks(t, p, db) })
	t.Run("drop", func(t *testing.T) { drop(t, p, db) })
}

// feed writes all inputs but those of the drop, which must follow each other.
func feed(t *testing.T, p *compose.Project, db compose.Database) {
	t.Helper()
	orders, err := os.ReadFile("../../examples/orders.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	p.Produce(t, "trade_order_detail_info", string(orders))
	const paid = `"biz_order_id":"1","buyer_id":"104","pay_time":"2020-11-12 06:41:04","gmt_create":"2020-11-12 06:41:04",`
	p.Produce(t, "dwd_tb_trd_pay_ri", `{`+paid+`"gmt_modified":"2020-11-12 20:32:17","pay_status":"2","div_idx_actual_total_fee":12345}`+"\n")
	p.Produce(t, "dwd_tb_trd_rfd_ri", `{`+paid+`"gmt_modified":"2020-11-12 08:57:14","pay_status":"6","refund_fee":-250}`+"\n")
	p.Produce(t, "user_order", `{"id":80,"order_no":"x1","customer_tel":"t80","gmt_modified":1604887200000,"account_payble":10.5}`+"\n")
	p.Produce(t, "edw_zy_evt_bury_point_log", `{"account_id":"a","device_id":"d","log_time":1616659200000,"bury_point_type":"click","page_name":"home"}`+"\n")
	db.Exec(t, `INSERT INTO click_stream (eventTime, eventType, productId, categoryId, categoryCode, brand, price, userId, userSession) VALUES
		('2021-03-25 08:00:00', 'view', 'p1', 'c1', 'of.tv',    'X',  12.50,  'u1', 's1'),
		('2021-03-25 08:01:00', 'view', 'p2', 'c2', 'of.radio', NULL, 9.99,   'u1', 's1'),
		('2021-03-25 08:02:00', 'cart', 'p3', 'c1', 'of.tv',    'X',  250.00, 'u2', 's2'),
		('2021-03-25 09:00:00', 'view', 'p1', 'c1', 'of.tv',    'X',  12.50,  'u3', 's3')`)
}

func sales(t *testing.T, p *compose.Project, db compose.Database) {
	db.Await(t, `SELECT begin_time, channel_code, channel_name, cur_gmv, cur_order_user_count, cur_order_count, last_pay_time
		FROM trade_channel_collect ORDER BY begin_time, channel_code`,
		"2021-03-24 00:00:00|appShop|Shopping App|180|1|1|2021-03-24 16:10:06",
		"2021-03-24 00:00:00|webShop|Website|100|1|1|2021-03-24 10:02:03",
		"2021-03-25 00:00:00|appShop|Shopping App|50.5|1|1|2021-03-25 06:07:00",
		"2021-03-25 00:00:00|miniAppShop|Miniprogram|148.8|2|2|2021-03-25 12:03:00",
		"2021-03-25 00:00:00|other|Other|400|1|1|2021-03-25 15:10:00",
		"2021-03-25 00:00:00|webShop|Website|986.5|2|5|2021-03-25 16:16:16")
	awaitRow(t, p.Look("trade_channel_collect/2021-03-25%2000:00:00%7CwebShop"), map[string]any{
		"begin_time": "2021-03-25 00:00:00", "channel_code": "webShop", "channel_name": "Website",
		"cur_gmv": 986.5, "cur_order_user_count": 2.0, "cur_order_count": 5.0, "last_pay_time": "2021-03-25 16:16:16",
	})
}

// clicks: the capture's records are these, byte for byte. An alert is one row.
func clicks(t *testing.T, p *compose.Project, db compose.Database) {
	db.Await(t, "SELECT alertType, userSession, userId, event_time FROM alerts ORDER BY alertType",
		"CART_ABANDONMENT|s2|u2|2021-03-25T16:12:00.000+08:00",
		"CROSS_UPSELL|s1|u1|2021-03-25T16:01:00.000+08:00")
	got := map[string]string{}
	for _, r := range p.Kafka().ReadCommitted(t, "clickstream") {
		if len(r.Value) > 0 { // a heartbeat would be none
			got[string(r.Key)] = string(r.Value)
		}
	}
	click := func(at int, kind, product, category, code, brand, price, user, session string) string {
		return fmt.Sprintf(`{"value_eventTime":%d,"value_eventType":"%s","value_productId":"%s","value_categoryId":"%s","value_categoryCode":"%s",`+
			`"value_brand":%s,"value_price":%s,"value_userId":"%s","value_userSession":"%s"}`, at, kind, product, category, code, brand, price, user, session)
	}
	want := map[string]string{
		`{"key_id":1}`: click(1616659200000, "view", "p1", "c1", "of.tv", `"X"`, "12.50", "u1", "s1"),
		`{"key_id":2}`: click(1616659260000, "view", "p2", "c2", "of.radio", "null", "9.99", "u1", "s1"),
		`{"key_id":3}`: click(1616659320000, "cart", "p3", "c1", "of.tv", `"X"`, "250.00", "u2", "s2"),
		`{"key_id":4}`: click(1616662800000, "view", "p1", "c1", "of.tv", `"X"`, "12.50", "u3", "s3"),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("clickstream holds\n%v\nwant\n%v", got, want)
	}
}

// drop: an account's premium is known to MySQL alone, until it falls.
func drop(t *testing.T, p *compose.Project, db compose.Database) {
	db.Exec(t, "INSERT INTO adm_zy_acct_sub_wechat_list VALUES (10, '100', 'car')")
	awaitRow(t, p.Look("premiumdrop-dimension/10"), map[string]any{"raw_premium": "100", "raw_info": "car"})
	p.Produce(t, "dh_prd_dm_account_wechat_trace", `{"id":10,"now_premium":"80","gmt_modified":1616659200000,"now_info":"small car"}`+"\n")
	db.Await(t, "SELECT id, raw_info, now_info, raw_premium, now_premium FROM wechat_activity_user", "10|car|small car|100|80")
}

// awaitRow waits until a look-up answers a row with these fields, and maybe more.
func awaitRow(t *testing.T, url string, want map[string]any) {
	t.Helper()
	err := compose.Poll(func() error {
		got, err := get(url)
		if err != nil {
			return err
		}
		for name, v := range want {
			if got[name] != v {
				return fmt.Errorf("%s is %v, want %v", name, got[name], v)
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", url, err)
	}
}

func get(url string) (map[string]any, error) {
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s %v", r.Status, text, err)
	}
	var answer struct{ Value map[string]any }
	err = json.Unmarshal(text, &answer)
	return answer.Value, err
}
