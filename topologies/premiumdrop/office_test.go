package premiumdrop_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/premiumdrop"
)

const (
	traces  = "dh_prd_dm_account_wechat_trace"
	rawInfo = "raw_info"
)

// office is the topology with a few words to talk to it.
type office struct {
	*streamtest.Driver
	t streamtest.TB
}

func open(t streamtest.TB, c premiumdrop.Config, opts ...streamtest.Option) office {
	t.Helper()
	topology, err := premiumdrop.Topology(c)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return office{streamtest.New(t, topology, opts...), t}
}

// null stands for a field that is missing.
const null = "null"

func field(s string) codecs.Text {
	if s == null {
		return codecs.Text{}
	}
	return codecs.NotNull(s)
}

// row sends a row of the dimension; version 0: without one.
func (o office) row(id int64, premium, info string, version int64) {
	o.t.Helper()
	r := premiumdrop.RawRecord{ID: codecs.NotNull(id), Premium: field(premium), Info: field(info)}
	if version > 0 {
		r.Version = codecs.NotNull(version)
	}
	streamtest.Send(o.Driver, premiumdrop.RawInfo, stream.Unkeyed(fmt.Sprint(id)), r)
}

// trace sends a record of a premium.
func (o office) trace(id int64, premium, info string) {
	o.t.Helper()
	r := premiumdrop.TraceRecord{ID: codecs.NotNull(id), Premium: field(premium), Info: field(info)}
	streamtest.Send(o.Driver, premiumdrop.Traces, stream.Unkeyed(fmt.Sprint(id)), r)
}

// dismiss deletes a row of the dimension.
func (o office) dismiss(id int64) { o.SendRaw(rawInfo, -1, fmt.Append(nil, id), nil) }

// knows runs, and compares the dimension: "premium info version" by id.
func (o office) knows(want map[premiumdrop.ID]string) {
	o.t.Helper()
	o.Run()
	got := map[premiumdrop.ID]string{}
	for id, r := range streamtest.Rows(o.Driver, premiumdrop.Dimension) {
		got[id] = fmt.Sprint(r.Value.Premium.Or(null), " ", r.Value.Info.Or(null), " ", r.Value.Version)
	}
	if !maps.Equal(got, want) {
		o.t.Fatalf("known is %v, want %v", got, want)
	}
}

func alert(a premiumdrop.Alert) string {
	return fmt.Sprintf("%d: %s %s -> %s %s", a.ID, a.RawPremium.Or(null), a.RawInfo.Or(null), a.NowPremium, a.NowInfo.Or(null))
}

// alerts runs, and compares the alerts since it was last asked.
func (o office) alerts(want ...string) {
	o.t.Helper()
	o.Run()
	var got []string
	for _, r := range streamtest.Read(o.Driver, premiumdrop.Alerts) {
		if string(r.Key) != fmt.Sprint(r.Value.ID) {
			o.t.Fatalf("the alert %+v has the key %s", *r.Value, r.Key)
		}
		got = append(got, alert(*r.Value))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		o.t.Fatalf("alerts %q, want %q", got, want)
	}
}

// tells runs, and compares what the owner was told since it was last asked.
func (o office) tells(want ...string) {
	o.t.Helper()
	o.Run()
	var got []string
	for _, r := range streamtest.Read(o.Driver, premiumdrop.RawInfoUpdates) {
		got = append(got, fmt.Sprintf("%d: %s %s, version %d", r.Value.ID, r.Value.Premium, r.Value.Info.Or(null), r.Value.Version))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		o.t.Fatalf("the owner is told %q, want %q", got, want)
	}
}

// refusedNothing checks that there are no dead letters.
func (o office) refusedNothing() {
	o.t.Helper()
	for _, l := range o.DeadLetters() {
		o.t.Fatalf("dead letter: %s: %s", l.Value, l.Reason)
	}
}
