package cep_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

func TestACartIsBoughtOrAbandoned(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 0, 2 bob cart 1, 3 ann purchase 60")
	want(t, d, "")
	send(t, d, "4 eve view 63")
	want(t, d, "ann: bought 1 3 at 60")
	send(t, d, "5 eve view 603") // bob never comes back
	want(t, d, "bob: abandoned 2 at 601")
}

func TestEventsAreTakenInTheOrderOfTheirTimes(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann purchase 11, 2 ann cart 10, 3 ann cart 11, 4 ann view 20")
	want(t, d, "ann: bought 2 1 at 11")
}

func TestEventsOfOneTimeComeAsTheyArrivedOrAsDeclared(t *testing.T) {
	const events = "2 ann purchase 10, 1 ann cart 10, 9 eve view 20"
	d := drive(t, bought())
	send(t, d, events)
	want(t, d, "")
	byID := detected
	byID.Less = func(a, b click) bool { return a.ID < b.ID }
	d = streamtest.New(t, build(t, byID, bought()), now)
	send(t, d, events)
	want(t, d, "ann: bought 1 2 at 10")
}

func TestAnEventThatComesLateIsADeadLetter(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 10, 2 eve view 20, 3 ann purchase 18, 4 ann purchase 18.001")
	d.Run()
	c := d.Counters("shop-runs")
	if dead := d.DeadLetters(); c.Late != 1 || len(dead) != 1 || !strings.Contains(dead[0].Reason, "event time 2021-03-25T12:00:18.000Z, the watermark is 2021-03-25T12:00:18.000Z") {
		t.Errorf("%+v, dead letters %+v", c, dead)
	}
	send(t, d, "5 eve view 30")
	want(t, d, "ann: bought 1 4 at 18.001")
}

func TestAnEventThatComesLateGoesToItsTopic(t *testing.T) {
	declared := detected
	declared.Late = late
	d := streamtest.New(t, build(t, declared, bought()), now)
	send(t, d, "1 ann cart 10, 2 eve view 20, 3 ann purchase 18")
	d.Run()
	got := streamtest.Read(d, late)
	if len(got) != 1 || got[0].Key != "ann" || got[0].Value.ID != "3" || len(d.DeadLetters()) > 0 {
		t.Errorf("late: %+v, dead letters %v", got, d.DeadLetters())
	}
}

// everything are rules that hold state in every way.
func everything() []cep.Rule[click, string] {
	minute := time.Minute
	return []cep.Rule[click, string]{
		bought(),
		{Name: "loop", Pattern: cep.Begin("views", is("view")).OneOrMore().Greedy().FollowedBy("cart", is("cart")).SkipPastLastEvent().Within(minute), OnMatch: say("loop"), OnTimeout: say("no loop")},
		{Name: "not", Pattern: cep.Begin("cart", is("cart")).NotFollowedBy("purchase", is("purchase")).Within(minute), OnMatch: say("forgotten")},
		{Name: "pairs", Pattern: cep.Begin("a", cep.Any[click]).FollowedByAny("b", is("view")).Times(2).AllowCombinations().Within(30 * time.Second), OnMatch: say("pairs")},
		{Name: "group", Pattern: cep.BeginGroup(cep.Begin("v", is("view")).Next("c", is("cart"))).Times(2).Within(minute), OnMatch: say("group"), OnTimeout: say("no group")},
		{Name: "gap", Pattern: cep.Begin("x", is("view")).FollowedBy("y", is("cart")).WithinPrevious(5 * time.Second), OnMatch: say("soon"), OnTimeout: say("not soon")},
	}
}

// story are many sessions of many kinds, none open at the end but that of the clock.
func story(sessions int) string {
	var events []string
	for i := range sessions * 12 {
		kind := []string{"view", "view", "cart", "view", "purchase"}[(i*i+i/7)%5]
		events = append(events, fmt.Sprintf("%d s%d %s %g", i, i%sessions, kind, float64(i)*1.5+float64(i*7%3)))
	}
	return strings.Join(events, ",")
}

func TestNothingIsLeftOfAKeyWhenItsRunsAreGone(t *testing.T) {
	const sessions = 40
	d := drive(t, everything()...)
	send(t, d, story(sessions))
	d.Run()
	if open := len(d.StateKeys("shop-runs")); open < 3*sessions {
		t.Errorf("%d rows, sub-rows and timers while sessions are open", open)
	}
	send(t, d, "end clock none 100000")
	d.Run()
	want := []string{"\x00tdue clock", "clock row", "clock event"} // what the clock's own event has
	if keys := d.StateKeys("shop-runs"); len(keys) != len(want) {
		t.Errorf("%d keys: %q", len(keys), keys)
	}
	if n := len(streamtest.Read(d, alerts)); n < 500 {
		t.Errorf("only %d alerts", n)
	}
}

func TestAlertsDontDependOnCommitsRestartsOrInterleaving(t *testing.T) {
	const sessions = 7
	run := func(restart int, opts ...streamtest.Option) string {
		d := streamtest.New(t, build(t, detected, everything()...), append(opts, now)...)
		send(t, d, story(sessions)+",end clock none 100000")
		for i := 1; restart > 0 && d.Step(); i++ {
			if i%restart == 0 {
				d.Restart()
			}
		}
		d.Run()
		return bySession(d)
	}
	want := run(0)
	if strings.Count(want, "\n") < sessions {
		t.Fatalf("too little to compare: %s", want)
	}
	for seed := range uint64(10) {
		got := run(30+int(seed)*7, streamtest.Shuffle(seed), streamtest.Partitions(1+int(seed%3)))
		if got != want {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, got, want)
		}
	}
}

// bySession are the alerts of each session in their order.
func bySession(d *streamtest.Driver) string {
	all := map[session][]string{}
	var who []session
	for _, r := range streamtest.Read(d, alerts) {
		if all[r.Key] == nil {
			who = append(who, r.Key)
		}
		all[r.Key] = append(all[r.Key], fmt.Sprintf("%s at %v", *r.Value, r.EventTime.Sub(noon)))
	}
	slices.Sort(who)
	text := ""
	for _, w := range who {
		text += fmt.Sprintf("%s: %s\n", w, strings.Join(all[w], ", "))
	}
	return text
}

func TestARuleWhoseCodePanicsIsADeadLetterAndStopsNothing(t *testing.T) {
	broken := bought()
	broken.Name = "broken"
	broken.Pattern = cep.Begin("x", func(c click) bool { return c.Type == "cart" || c.Type[9] == 'x' })
	mute := bought()
	mute.Name = "mute"
	mute.OnMatch = func(cep.Match[click], time.Time) []string { panic("no words") }
	d := drive(t, broken, mute, bought())
	send(t, d, "1 ann cart 0, 2 ann purchase 1, 3 ann cart 2, 4 ann purchase 3, 9 eve end 10")
	want(t, d, "ann: bought 1 at 0, ann: bought 1 2 at 1, ann: bought 3 at 2, ann: bought 3 4 at 3")
	var reasons []string
	for _, l := range d.DeadLetters() {
		reasons = append(reasons, l.Reason[:min(20, len(l.Reason))])
	}
	if text := strings.Join(reasons, ", "); text != `rule "broken": panic, rule "mute": panic: , rule "broken": panic, rule "mute": panic: ` {
		t.Errorf("dead letters: %s", text)
	}
}

func TestRunsBeyondTheLimitAreDroppedAndCounted(t *testing.T) {
	for drop, alert := range map[string]string{"oldest": "ann: bought 2 4 at 3, ann: bought 3 4 at 3", "newest": "ann: bought 1 4 at 3, ann: bought 2 4 at 3"} {
		r := bought()
		r.Pattern = r.Pattern.MaxRuns(2, cep.DropOldest)
		if drop == "newest" {
			r.Pattern = r.Pattern.MaxRuns(2, cep.DropNewest)
		}
		d := drive(t, r)
		send(t, d, "1 ann cart 0, 2 ann cart 1, 3 ann cart 2, 4 ann purchase 3, 9 eve view 10")
		want(t, d, alert)
		if n := d.Counters("shop-runs").Dropped; n != 1 {
			t.Errorf("%s: %d dropped", drop, n)
		}
	}
}

func TestMistakesOfRulesAreReportedByBuild(t *testing.T) {
	x := stream.New("shop")
	keyed := stream.KeyBy(stream.From(x, clicks), byWho, func(c click) (session, error) { return c.Who, nil })
	cep.Detect(keyed, cep.Detection[session, click]{Runs: runs},
		cep.Rule[click, string]{Name: "a", Pattern: cep.Begin("x", is("view")).Next("x", nil)},
		cep.Rule[click, string]{Name: "b", Pattern: cep.Begin("x", is("view"))},
		cep.Rule[click, string]{Name: "b", Pattern: cep.Begin("x", is("view"))},
		cep.Rule[click, string]{Pattern: cep.Begin("x", is("view"))},
	)
	_, err := x.Build()
	for _, says := range []string{
		"no codec for events", `rule "a": malformed pattern: two steps have the name "x"`, `step "x" has no condition`, `rule "b": it is there twice`, `rule "": it needs a name`,
	} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("it does not say %q: %v", says, err)
		}
	}
}

func TestAKeyIsFreeAsSoonAsItsLastRunHasEnded(t *testing.T) {
	d := drive(t, bought())
	send(t, d, "1 ann cart 0, 2 ann purchase 1, 9 eve view 10")
	want(t, d, "ann: bought 1 2 at 1")
	for _, key := range d.StateKeys("shop-runs") { // long before ten minutes are over
		if strings.Contains(key, "ann") {
			t.Errorf("key %q is left", key)
		}
	}
}

// A run that stays open holds its own events only, however many others come and go.
func TestEventsThatNoRunHoldsAnyMoreAreDeleted(t *testing.T) {
	r := cep.Rule[click, string]{Name: "next", OnMatch: say("found"),
		Pattern: cep.Begin("a", is("cart")).FollowedByAny("b", is("view")).Next("c", is("purchase"))}
	d := drive(t, r)
	send(t, d, "0 ann cart 0")
	for i := range 300 {
		send(t, d, fmt.Sprintf("%d ann view %d", i+1, i+1))
	}
	send(t, d, "9 eve none 1000")
	d.Run()
	d.Restart()
	events := 0
	for _, key := range d.StateKeys("shop-runs") {
		if strings.HasPrefix(key, "ann\x00events\x00") {
			events++
		}
	}
	if events < 2 || events > 40 {
		t.Errorf("%d events are stored, runs hold 2", events)
	}
	send(t, d, "400 ann view 1001, 401 ann purchase 1002, 10 eve none 2000")
	want(t, d, "ann: found 0 400 401 at 1002")
}
