package faults

import (
	"encoding/json"
	"strconv"
	"strings"
)

// cents reads an amount of at most two decimals; what is none becomes one that no sum has.
func cents(n json.Number) int64 {
	whole, part, _ := strings.Cut(n.String(), ".")
	if part = strings.TrimRight(part, "0"); len(part) <= 2 {
		part += "00"[len(part):]
	}
	c, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil || len(part) > 2 {
		return -1 << 62
	}
	return c
}
