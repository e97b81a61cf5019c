package cdc

import (
	"maps"
	"slices"
)

// builtIn are captures that need no file. They are examples too: mysqlcdc --show prints them.
var builtIn = map[string]Capture{
	"clickstream": {
		Table: "click_stream", Topic: "clickstream", KeyPrefix: "key_", ValuePrefix: "value_",
		Key: []Column{{Column: "id"}},
		Columns: []Column{
			{Column: "eventTime", As: "timestamp-ms"},
			{Column: "eventType"}, {Column: "productId"}, {Column: "categoryId"}, {Column: "categoryCode"}, {Column: "brand"},
			{Column: "price", As: "number"},
			{Column: "userId"}, {Column: "userSession"},
		},
	},
	"raw_info": {
		Table: "adm_zy_acct_sub_wechat_list", Topic: "raw_info",
		Key:     []Column{{Column: "id"}},
		Columns: []Column{{Column: "id"}, {Column: "raw_premium", As: "text"}, {Column: "raw_info"}},
	},
}

// BuiltIn is the capture of this name.
func BuiltIn(name string) (Capture, bool) {
	c, found := builtIn[name]
	return c, found
}

func builtInNames() []string { return slices.Sorted(maps.Keys(builtIn)) }
