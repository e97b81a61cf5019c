package coupon

import "slices"

// Asked is what a row and an amount lead to.
func Asked(r Reached, cs []Campaign, payDay, amount int64) []Request {
	r.Tiers = slices.Clone(r.Tiers)
	asked := append(r.fall(amount), r.rise(ascending(cs), payDay, amount)...)
	rs, err := requests(7, payDay, amount, asked)
	if err != nil {
		panic(err)
	}
	return rs
}
