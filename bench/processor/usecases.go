package main

import (
	"os"

	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/topologies/clickalerts"
	"github.com/tributary-go/tributary/topologies/coupon"
	"github.com/tributary-go/tributary/topologies/hourlypremium"
	"github.com/tributary-go/tributary/topologies/lastpage"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

// The use cases as their binaries run them by default.
type (
	coupons struct {
		config.Rules `set:"retain=2160h"`
		Campaigns    string `help:"JSON file of the campaigns. Default: none." type:"path"`
	}
	hourlyPremium struct{ config.Rules }
	premiumDrop   struct {
		config.Rules `set:"retain=0s"`
	}
	lastPage    struct{ config.Rules }
	clickAlerts struct {
		config.Rules `set:"retain=192h"`
	}
)

// Topology is what kong's command stands for, here and below.
func (c coupons) Topology() (*stream.Topology, error) {
	zone, from, err := c.Times()
	if err != nil {
		return nil, err
	}
	cfg := coupon.Config{Zone: zone, From: from, Retain: c.Retain}
	if c.Campaigns != "" {
		text, err := os.ReadFile(c.Campaigns)
		if err != nil {
			return nil, err
		}
		if cfg.Campaigns, err = coupon.ParseCampaigns(text); err != nil {
			return nil, err
		}
	}
	return coupon.Topology(cfg)
}

func (c hourlyPremium) Topology() (*stream.Topology, error) {
	zone, from, err := c.Times()
	if err != nil {
		return nil, err
	}
	return hourlypremium.Topology(hourlypremium.Config{Zone: zone, From: from, Retain: c.Retain})
}

func (c premiumDrop) Topology() (*stream.Topology, error) {
	zone, from, err := c.Times()
	if err != nil {
		return nil, err
	}
	return premiumdrop.Topology(premiumdrop.Config{Zone: zone, From: from, Retain: c.Retain})
}

func (c lastPage) Topology() (*stream.Topology, error) {
	zone, from, err := c.Times()
	if err != nil {
		return nil, err
	}
	return lastpage.Topology(lastpage.Config{Zone: zone, From: from, Retain: c.Retain})
}

func (c clickAlerts) Topology() (*stream.Topology, error) {
	zone, from, err := c.Times()
	if err != nil {
		return nil, err
	}
	return clickalerts.Topology(clickalerts.Config{Zone: zone, From: from, Retain: c.Retain})
}
