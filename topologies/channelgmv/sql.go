package channelgmv

import "github.com/tributary-go/tributary/tables"

// Collected is trade_channel_collect as a SQL table, with the reference's names and types, but signed: a correction may
// bring a figure below zero. The reference's flink_current_time takes updated_at.
func Collected() tables.Projection {
	return tables.Projection{
		Topic: TradeChannelCollect.Name, Table: "trade_channel_collect", Key: []string{"begin_time", "channel_code"},
		Columns: []tables.Column{
			{Name: "begin_time", Type: tables.Varchar(32)},
			{Name: "channel_code", Type: tables.Varchar(32)},
			{Name: "channel_name", Type: tables.Varchar(32)},
			{Name: "cur_gmv", Type: tables.Double},
			{Name: "cur_order_user_count", Type: tables.BigInt},
			{Name: "cur_order_count", Type: tables.BigInt},
			{Name: "last_pay_time", Type: tables.Varchar(32)},
			{Name: "flink_current_time", Field: "updated_at", Type: tables.Varchar(32)},
		},
	}
}
