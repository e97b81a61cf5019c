package stream_test

import (
	"strings"
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

type city string

var cityNames = stream.NewTopic[city]("city-names", codecs.JSON[string](), nil)

// cityOf takes the page of a visit for a city; "-" is none.
func cityOf(v visit) (city, bool) { return city(v.Page), v.Page != "-" }

func globalShop(left bool) *stream.Topology {
	t := stream.New("shop")
	byID := stream.KeyBy(stream.From(t, visits), visitsByID, visitor)
	global := stream.GlobalFrom(t, cityNames)
	if left {
		stream.LeftJoinGlobal(byID, global, cityOf, func(_ visit, name *string) (string, error) {
			if name == nil {
				return "nowhere", nil
			}
			return *name, nil
		}).To(greeted)
		return t
	}
	stream.JoinGlobal(byID, global, cityOf, func(_ visit, name string) (string, error) { return name, nil }).To(greeted)
	return t
}

func TestARecordFindsARowOfAGlobalTableUnderAnyKey(t *testing.T) {
	for _, left := range []bool{false, true} {
		d := run(t, globalShop(left), streamtest.Partitions(3), streamtest.InputPartitions("city-names", 5))
		send := func(do func()) { do(); d.Run() }
		send(func() { aVisit(d, "1", "lnz") })
		send(func() { streamtest.Send(d, cityNames, "lnz", "Linz"); aVisit(d, "1", "lnz"); aVisit(d, "2", "lnz") })
		send(func() { aVisit(d, "1", "-") })
		send(func() { streamtest.Send(d, cityNames, "lnz", "Linz/Donau"); aVisit(d, "1", "lnz") })
		send(func() { d.SendRaw("city-names", -1, []byte("lnz"), []byte{}); aVisit(d, "1", "lnz") })
		send(func() { d.SendRaw("city-names", -1, []byte("bad"), []byte("{")); aVisit(d, "1", "bad") })
		got, counters := strings.Join(written(d, greeted), ", "), d.Counters("shop-visits-by-id-reader")
		if left {
			if got != "1 nowhere, 1 Linz, 2 Linz, 1 nowhere, 1 Linz/Donau, 1 nowhere" && got != "1 nowhere, 2 Linz, 1 Linz, 1 nowhere, 1 Linz/Donau, 1 nowhere" {
				t.Errorf("left join: %s", got)
			}
		} else if got != "1 Linz, 2 Linz, 1 Linz/Donau" && got != "2 Linz, 1 Linz, 1 Linz/Donau" || counters.Skipped != 3 {
			t.Errorf("join: %s, %+v", got, counters)
		}
		ls := d.DeadLetters()
		if len(ls) != 1 || !strings.Contains(ls[0].Reason, `row "bad" of topic city-names`) {
			t.Errorf("dead letters: %+v", ls)
		}
	}
}

func TestAGlobalTableIsPartOfTheDescription(t *testing.T) {
	topology := build(t, globalShop(true))
	for _, want := range []string{
		"city-names                               external, held in whole by every instance",
		"left join, global city-names\n      to shop-greeted",
	} {
		if !strings.Contains(topology.Describe(), want) {
			t.Errorf("the description lacks %q:\n%s", want, topology.Describe())
		}
	}
	if want := "t_city_names -.-> g_shop_visits_by_id_reader"; !strings.Contains(topology.Mermaid(), want) {
		t.Errorf("the chart lacks %q:\n%s", want, topology.Mermaid())
	}
}

func TestMistakesAboutGlobalTablesAreFoundByBuild(t *testing.T) {
	topology := globalShop(false)
	stream.KeyBy(stream.From(topology, cityNames), stream.NewTopic[city]("shop-cities", codecs.JSON[string](), nil), func(s string) (city, error) { return city(s), nil }).
		To(stream.NewTopic[city]("x", codecs.JSON[string](), nil))
	if _, err := topology.Build(); err == nil || !strings.Contains(err.Error(), "topic city-names is declared twice") {
		t.Errorf("error %v", err)
	}
	topology = globalShop(false)
	stream.GlobalFrom(topology, stream.NewTopic[city]("other", codecs.JSON[string](), nil, stream.Bootstrap()))
	if _, err := topology.Build(); err == nil || !strings.Contains(err.Error(), "a global table always is") {
		t.Errorf("error %v", err)
	}
}
