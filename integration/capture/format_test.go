package capture_test

import (
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
)

const clickTable = `CREATE TABLE click_stream (
	id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, eventTime TIMESTAMP NULL, eventType VARCHAR(50), productId VARCHAR(50),
	categoryId VARCHAR(50), categoryCode VARCHAR(80), brand VARCHAR(50), price DECIMAL(10,2), userId VARCHAR(50), userSession VARCHAR(50))`

const clickCapture = `{"table": "click_stream", "topic": "TOPIC", "key_prefix": "key_", "value_prefix": "value_",
	"columns": [{"column": "eventTime", "as": "timestamp-ms"}, {"column": "eventType"}, {"column": "productId"}, {"column": "categoryId"},
	{"column": "categoryCode"}, {"column": "brand"}, {"column": "price"}, {"column": "userId"}, {"column": "userSession"}]}`

// clickQuery is the format of the topic, in SQL.
const clickQuery = `SELECT CONCAT('{"key_id":', id, '}'), CONCAT(
	'{"value_eventTime":', IFNULL(CAST(UNIX_TIMESTAMP(eventTime)*1000 AS SIGNED), 'null'),
	',"value_eventType":', IFNULL(JSON_QUOTE(eventType), 'null'), ',"value_productId":', IFNULL(JSON_QUOTE(productId), 'null'),
	',"value_categoryId":', IFNULL(JSON_QUOTE(categoryId), 'null'), ',"value_categoryCode":', IFNULL(JSON_QUOTE(categoryCode), 'null'),
	',"value_brand":', IFNULL(JSON_QUOTE(brand), 'null'), ',"value_price":', IFNULL(price, 'null'),
	',"value_userId":', IFNULL(JSON_QUOTE(userId), 'null'), ',"value_userSession":', IFNULL(JSON_QUOTE(userSession), 'null'), '}')
	FROM click_stream`

func TestClicksAreCapturedInTheFormatOfTheirConsumers(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	insert := []string{
		`INSERT INTO click_stream VALUES (1, '2021-03-25 08:00:00', 'view', 'p1', 'c1', 'a.b', 'X', 12.50, 'u1', 's1')`,
		`INSERT INTO click_stream (eventTime) VALUES (NULL)`,
		`INSERT INTO click_stream (eventType, brand, price) VALUES ('cart', 'Tom''s "X" \\ ü 𝄞', 0)`,
		`INSERT INTO click_stream (price) VALUES (-0.07), (99999999.99)`,
	}
	b.Exec(append([]string{clickTable}, insert...)...)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	b.AwaitEqual(clickQuery)
	for _, s := range insert[1:] { // once more, from the log
		b.Exec(s)
	}
	b.Exec(`UPDATE click_stream SET price = price + 1 WHERE id = 1`, `DELETE FROM click_stream WHERE id = 2`, `UPDATE click_stream SET id = 1000 WHERE id = 3`)
	b.AwaitEqual(clickQuery)
	r.Stop()
	first := b.Records()[0]
	for _, x := range b.Records() {
		if string(x.Key) == `{"key_id":1}` {
			first = x
			break
		}
	}
	want := `{"value_eventTime":1616659200000,"value_eventType":"view","value_productId":"p1","value_categoryId":"c1",` +
		`"value_categoryCode":"a.b","value_brand":"X","value_price":12.50,"value_userId":"u1","value_userSession":"s1"}`
	if string(first.Value) != want {
		t.Errorf("value\n%s, want\n%s", first.Value, want)
	}
}
