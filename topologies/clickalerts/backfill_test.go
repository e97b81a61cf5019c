package clickalerts_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// threeDays are clicks in the order of their times, of sessions that go on beside each other, and then one for each of
// twelve partitions that closes all windows.
func threeDays() (values []string) {
	const clicks = 6_000
	r := rand.New(rand.NewPCG(3, 12))
	kinds := []string{"view", "view", "view", "view", "cart", "purchase", "remove"}
	click := func(at time.Time, kind, who string) {
		values = append(values, fmt.Sprintf(`{"value_eventTime":%d,"value_eventType":%q,"value_productId":"p%d","value_categoryCode":"c%d","value_price":%d,"value_userId":"u%s","value_userSession":"s%s"}`,
			at.UnixMilli(), kind, r.IntN(2), r.IntN(3), 195+r.IntN(10), who, who))
	}
	for i := range clicks {
		at := noon.Add(time.Duration(i) * 3 * 24 * time.Hour / clicks).Truncate(time.Millisecond)
		who := fmt.Sprint(i/40*2 + r.IntN(8)) // each for about an hour
		click(at, kinds[r.IntN(len(kinds))], who)
	}
	for range 12 {
		click(noon.Add(4*24*time.Hour), "none", "clock")
	}
	return values
}

// fill sends clicks, the nth to partition n modulo the number of them.
func (s shop) fill(values []string, partitions int) {
	for i, v := range values {
		s.SendRaw("clickstream", int32(i%partitions), fmt.Appendf(nil, `{"key_id":%d}`, i+1), []byte(v))
	}
}

// A back-fill reads its partitions as fast as each of them goes. Which one is behind must not be seen in the alerts.
func TestABackFillGivesTheAlertsOfTheClicksInOrder(t *testing.T) {
	const partitions, behind = 12, 7
	config := clickalerts.Config{Retain: clickalerts.DefaultRetain, MaxIdleAdvance: clickalerts.DefaultMaxIdleAdvance}
	values := threeDays()

	inOrder := open(t, config, streamtest.InputPartitions("clickstream", 1))
	inOrder.fill(values, 1)
	inOrder.Run()
	want := streamtest.Table(inOrder.Driver, clickalerts.Alerts)
	types := map[string]int{}
	for _, a := range want {
		types[a.Type]++
	}
	if len(types) != 6 || len(want) < 1_000 {
		t.Fatalf("too little to compare: %v", types)
	}

	s := open(t, config, streamtest.InputPartitions("clickstream", partitions), streamtest.Partitions(partitions), streamtest.Shuffle(1))
	s.Hold(reader, true, behind)
	s.fill(values, partitions)
	s.Run()
	s.Advance(time.Hour)
	if early := streamtest.Table(s.Driver, clickalerts.Alerts); len(early) > 0 {
		t.Errorf("%d alerts before all partitions were read", len(early))
	}
	s.Hold(reader, false, behind)
	s.Run()
	got := streamtest.Table(s.Driver, clickalerts.Alerts)
	if !maps.Equal(got, want) {
		missing, strange := 0, 0
		for id, a := range want {
			if got[id] != a {
				missing++
			}
		}
		for id := range got {
			if _, known := want[id]; !known {
				strange++
			}
		}
		t.Errorf("%d alerts, want %d: %d are missing or not the same, %d are of no clicks in order", len(got), len(want), missing, strange)
	}
	if dead := s.DeadLetters(); len(dead) > 0 {
		t.Errorf("%d dead letters, the first: %s", len(dead), dead[0].Reason)
	}
}
