package demo

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/topologies"
)

func TestTheDemoShowsEveryTopology(t *testing.T) {
	var want []string
	for _, e := range topologies.All() {
		want = append(want, e.Name)
	}
	got := slices.Sorted(slices.Values(Names()))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the demo has %v, there are %v: a topology needs a file with an entry in this package", got, want)
	}
}

func TestAnEntryFeedsWhatItsTopologyReads(t *testing.T) {
	fed := map[string]string{}
	for _, e := range entries() {
		topology, err := e.topology(settings)
		if err != nil {
			t.Fatal(err)
		}
		if topology.Name() != e.name || e.share <= 0 || e.share > 1 {
			t.Errorf("topology %s is the entry %s with share %v", topology.Name(), e.name, e.share)
		}
		var want []string
		for _, x := range topology.Plan().Topics {
			if x.Kind == task.External {
				want = append(want, x.Name)
			}
		}
		slices.Sort(want)
		got := slices.Sorted(maps.Keys(e.inputs))
		if !slices.Equal(got, want) {
			t.Errorf("%s: inputs %v, the topology reads %v", e.name, got, want)
		}
		for _, topic := range got {
			if fed[topic] != "" {
				t.Errorf("topic %s is fed by %s and by %s", topic, fed[topic], e.name)
			}
			fed[topic] = e.name
		}
	}
}

func TestUseCasesArePickedByName(t *testing.T) {
	for _, c := range []struct {
		only, want []string
	}{
		{nil, Names()},
		{[]string{"coupon", "channelgmv"}, []string{"channelgmv", "coupon"}},
		{[]string{"lastpage"}, []string{"lastpage"}},
	} {
		es, err := Config{Only: c.only}.entries()
		var got []string
		for _, e := range es {
			got = append(got, e.name)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v gives %v (%v), want %v", c.only, got, err, c.want)
		}
	}
	if _, err := (Config{Only: []string{"coupons"}}).entries(); err == nil || !strings.Contains(err.Error(), "it has channelgmv, coupon") {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestAFileOfOrdersShowsChannelGMVAlone(t *testing.T) {
	for _, only := range [][]string{nil, {"channelgmv"}} {
		if es, err := (Config{Orders: "x", Only: only}).entries(); err != nil || len(es) != 1 || es[0].name != "channelgmv" {
			t.Errorf("%v: %v, %v", only, es, err)
		}
	}
	if _, err := (Config{Orders: "x", Only: []string{"channelgmv", "coupon"}}).entries(); err == nil {
		t.Error("coupons from a file of orders")
	}
}
