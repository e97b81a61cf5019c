package cep_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// Documents of these tests are "name version state first second window", and "from 30" or "drain 30" behind it, all
// in seconds: a click of the type first, followed by one of the type second. State elsewhere is that of a rule over
// other keys.

var documents = stream.NewTopic[stream.Unkeyed]("rules", codecs.Bytes(), nil)

func readDocument(b []byte) (v cep.Version[click, string], err error) {
	var state, first, second string
	var window, seconds float64
	text := strings.Fields(string(b))
	if len(text) < 6 {
		return v, errors.New("it has too few words")
	}
	if _, err := fmt.Sscan(strings.Join(text[:6], " "), &v.Name, &v.Number, &state, &first, &second, &window); err != nil {
		return v, err
	}
	v.Content = strings.Join(append([]string{text[0]}, text[3:6]...), " ")
	for i := 6; i+1 < len(text); i += 2 {
		if _, err := fmt.Sscan(text[i+1], &seconds); err != nil {
			return v, err
		}
		if text[i] == "from" {
			v.From = noon.Add(span(seconds))
		} else {
			v.Drain = span(seconds)
		}
	}
	switch state {
	case "shadow":
		v.State = cep.Shadow
	case "paused":
		v.State = cep.Paused
	case "elsewhere":
		v.Elsewhere = true
	}
	p := cep.Begin("first", is(first)).FollowedBy("second", is(second))
	if window > 0 {
		p = p.Within(span(window))
	}
	v.Pattern = p
	v.OnMatch, v.OnTimeout = say(fmt.Sprint("v", v.Number)), say(fmt.Sprint("v", v.Number, " left"))
	return v, nil
}

func span(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func ruleName(record stream.Unkeyed, _ *[]byte) (cep.RuleName, error) {
	return cep.RuleName(record), nil
}

// liveShop detects what documents say, and the rules given, twice: in a second table whose alerts go elsewhere.
func liveShop(t streamtest.TB, rules ...cep.Rule[click, string]) *stream.Topology {
	t.Helper()
	x := stream.New("shop")
	keyed := stream.KeyBy(stream.From(x, clicks), byWho, func(c click) (session, error) { return c.Who, nil })
	live := cep.Live[click, string]{Changes: stream.BroadcastFrom(x, documents, ruleName), Read: readDocument}
	cep.DetectLive(keyed, detected, live, rules...).To(alerts)
	again := detected
	again.Runs = runsAgain
	cep.DetectLive(keyed, again, live, rules...).To(alertsAgain)
	topology, err := x.Build()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return topology
}

var (
	runsAgain   = cep.NewRuns[session]("shop-again")
	alertsAgain = stream.NewTopic[session]("alerts-again", codecs.JSON[string](), nil, stream.Events(0))
)

func driveLive(t testing.TB, rules ...cep.Rule[click, string]) *streamtest.Driver {
	t.Helper()
	d := streamtest.New(t, liveShop(t, rules...), now)
	d.SetIdle("rules", 0, true)
	return d
}

// put sends documents, separated by commas. A name alone removes the rule.
func put(d *streamtest.Driver, texts string) {
	for _, text := range strings.Split(texts, ",") {
		text = strings.TrimSpace(text)
		name, _, document := strings.Cut(text, " ")
		if !document {
			d.SendRaw("rules", -1, []byte(name), nil)
		} else {
			d.SendRaw("rules", -1, []byte(name), []byte(text))
		}
	}
	d.Run()
}

func wantRefused(t *testing.T, d *streamtest.Driver, reasons ...string) {
	t.Helper()
	var got []string
	for _, l := range d.DeadLetters() {
		if l.Group == "shop-runs" {
			got = append(got, l.Reason)
		}
	}
	if !slices.Equal(got, reasons) {
		t.Errorf("refused: %q\nwant     %q", got, reasons)
	}
}

// versions are what look-ups see of the rules, in the first partition.
func versions(t *testing.T, d *streamtest.Driver) string {
	t.Helper()
	all, err := streamtest.Rules(d, "shop-runs", 0)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, v := range all {
		text := fmt.Sprintf("%s %d %s", v.Rule, v.Version, v.State)
		if v.From > 0 {
			text += fmt.Sprint(" from ", time.UnixMilli(v.From).Sub(noon).Seconds())
		}
		if v.Until < 1<<62 {
			text += fmt.Sprint(" until ", time.UnixMilli(v.Until).Sub(noon).Seconds())
		}
		texts = append(texts, fmt.Sprint(text, " found ", v.Matches, "+", v.Timeouts))
	}
	return strings.Join(texts, ", ")
}

func TestADocumentAddsReplacesAndRemovesARule(t *testing.T) {
	d := driveLive(t)
	send(t, d, "1 ann a 0, 2 ann b 1, 3 ann none 10")
	want(t, d, "")
	put(d, "r 1 active a b 100")
	send(t, d, "4 ann a 20, 5 ann b 21, 6 ann a 30, 7 ann none 40")
	want(t, d, "ann: v1 4 5 at 21")
	put(d, "r 2 active a c 100")
	send(t, d, "8 ann a 50, 9 ann b 51, 10 ann c 52, 11 ann none 60")
	want(t, d, "ann: v1 6 9 at 51, ann: v2 8 10 at 52")
	put(d, "r")
	send(t, d, "12 ann a 70, 13 ann b 71, 14 ann c 72, 15 ann none 80")
	want(t, d, "")
	wantRefused(t, d)
}

func TestPartialMatchesOfTheOldVersionTimeOutUnderIt(t *testing.T) {
	d := driveLive(t)
	put(d, "r 1 active a b 30")
	send(t, d, "1 ann a 0, 2 ann none 5")
	d.Run()
	put(d, "r 2 active a b 10")
	send(t, d, "3 ann a 6, 4 ann none 100")
	want(t, d, "ann: v2 left 3 at 16, ann: v1 left 1 at 30")
	d.Restart()
	put(d, "other 1 active a b 10") // drops what is gone
	if got := versions(t, d); got != "r 2 active from 3.001 found 0+1, other 1 active from 98.001 found 0+0" {
		t.Errorf("versions %s", got)
	}
}

func TestARuleOfTheProgramHoldsUntilADocumentOfItsNameComes(t *testing.T) {
	d := driveLive(t, bought())
	send(t, d, "1 ann cart 0, 2 ann none 10")
	d.Run()
	put(d, "cart 1 active cart wish 100")
	send(t, d, "3 ann cart 20, 4 ann purchase 21, 5 ann wish 22, 6 ann none 30")
	want(t, d, "ann: bought 1 4 at 21, ann: v1 3 5 at 22")
	if got := versions(t, d); got != "cart 0 active until 8.001 found 0+0, cart 1 active from 8.001 found 1+0" {
		t.Errorf("versions %s", got)
	}
	put(d, "cart")
	send(t, d, "7 ann cart 40, 8 ann purchase 41, 9 ann wish 42, 10 ann none 50")
	want(t, d, "")
}

func TestRowsOfAProgramWithoutDocumentsGoOnInOneWithThem(t *testing.T) {
	d := streamtest.New(t, build(t, detected, bought()), now)
	send(t, d, "1 ann cart 0, 2 ann none 10")
	d.Run()
	d.Replace(liveShop(t, bought()))
	d.SetIdle("rules", 0, true)
	send(t, d, "3 ann purchase 20, 4 ann none 30")
	want(t, d, "ann: bought 1 3 at 20")
}

func TestAPausedRuleBeginsNothingAndGoesOnWhenItIsActiveAgain(t *testing.T) {
	d := driveLive(t)
	put(d, "r 1 active a b 100")
	send(t, d, "1 ann a 0, 2 ann none 10")
	d.Run()
	put(d, "r 1 paused a b 100")
	send(t, d, "3 ann a 20, 4 ann none 30")
	d.Run()
	put(d, "r 1 active a b 100")
	send(t, d, "5 ann a 40, 6 ann b 41, 7 ann none 50")
	want(t, d, "ann: v1 1 6 at 41, ann: v1 5 6 at 41")
	wantRefused(t, d)
}

func TestAShadowIsCountedAndSaysNothing(t *testing.T) {
	d := driveLive(t)
	put(d, "r 1 active a b 100")
	put(d, "s 1 shadow a c 20")
	send(t, d, "1 ann a 0, 2 ann b 1, 3 ann c 2, 4 eve a 3, 5 ann none 50")
	want(t, d, "ann: v1 1 2 at 1")
	put(d, "s 1 active a c 20")
	send(t, d, "6 ann a 60, 7 ann c 61, 8 ann none 70")
	want(t, d, "ann: v1 6 7 at 61")
	if got := versions(t, d); got != "r 1 active found 1+0, s 1 shadow until 48.001 found 1+1, s 1 active from 48.001 found 1+0" {
		t.Errorf("versions %s", got)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	d := driveLive(t)
	put(d, "r 2 active a b 100")
	put(d, "r nonsense, r 1 active a b 100, r 2 active a c 100, r 3 active a c 0, r 2 active a b 100")
	d.SendRaw("rules", -1, []byte("r"), []byte("other 3 active a b 100"))
	send(t, d, "1 ann a 0, 2 ann b 1, 3 ann none 10")
	want(t, d, "ann: v2 1 2 at 1")
	wantRefused(t, d,
		`rule "r": it has too few words`,
		`rule "r": versions go up: version 2 is in force, and this is another one with the number 1`,
		`rule "r": versions go up: version 2 is in force, and this is another one with the number 2`,
		`rule "r": its pattern has no window: it has to say for how long it drains once it is replaced`,
		`rule "r": the document is that of rule "other", and its key is "r"`,
	)
}

func TestARuleOverOtherKeysEndsHere(t *testing.T) {
	d := driveLive(t)
	put(d, "r 1 active a b 100")
	put(d, "r 2 elsewhere a b 100")
	send(t, d, "1 ann a 0, 2 ann b 1, 3 ann none 10")
	want(t, d, "")
	if got := versions(t, d); got != "" {
		t.Errorf("versions %s", got)
	}
}

func TestAVersionMayBeginLaterAndBeTakenBackBeforeItDoes(t *testing.T) {
	d := driveLive(t)
	put(d, "r 1 active a b 100")
	put(d, "r 2 active a c 100 from 30")
	send(t, d, "1 ann a 29, 2 ann a 30, 3 ann b 31, 4 ann c 32, 5 ann none 40")
	want(t, d, "ann: v1 1 3 at 31, ann: v2 2 4 at 32")
	put(d, "r 3 active a d 100 from 60")
	put(d, "r 4 active a e 100 from 50")
	if got := versions(t, d); got != "r 1 active until 30 found 1+0, r 2 active from 30 until 50 found 1+0, r 4 active from 50 found 0+0" {
		t.Errorf("versions %s", got)
	}
	send(t, d, "6 ann a 45, 7 ann a 55, 8 ann a 65, 9 ann b 71, 10 ann c 72, 11 ann d 73, 12 ann e 74, 13 ann none 80")
	want(t, d, "ann: v2 6 10 at 72, ann: v4 7 12 at 74, ann: v4 8 12 at 74")
}

func TestAPatternWithoutAWindowDrainsAsLongAsItSays(t *testing.T) {
	d := driveLive(t)
	put(d, "r 1 active a b 0 drain 20")
	send(t, d, "1 ann a 0, 2 eve a 1, 3 ann none 12")
	d.Run()
	put(d, "r")
	send(t, d, "4 ann b 29, 5 eve b 31, 6 ann none 40") // 10.001 + 20
	want(t, d, "ann: v1 1 4 at 29")
	if n := d.Counters("shop-runs").Dropped; n != 1 {
		t.Errorf("%d dropped", n)
	}
}

func TestADocumentThatCanNotBeReadAnyMoreStopsTheProgram(t *testing.T) {
	f := &failure{T: t}
	d := streamtest.New(f, liveShop(t), now)
	d.SetIdle("rules", 0, true)
	put(d, "r 1 active a b 100")
	x := stream.New("shop")
	keyed := stream.KeyBy(stream.From(x, clicks), byWho, func(c click) (session, error) { return c.Who, nil })
	live := cep.Live[click, string]{Changes: stream.BroadcastFrom(x, documents, ruleName), Read: func([]byte) (cep.Version[click, string], error) {
		return cep.Version[click, string]{}, errors.New("no such words")
	}}
	cep.DetectLive(keyed, detected, live).To(alerts)
	topology, err := x.Build()
	if err != nil {
		t.Fatal(err)
	}
	d.Replace(topology)
	send(t, d, "1 ann a 0, 2 ann none 10")
	f.expect(d.Run)
	if !strings.Contains(f.told, `a document of rule "r" that was taken in can't be read any more: no such words`) {
		t.Errorf("it says %q", f.told)
	}
}

// TestAReplayOfALogGivesTheSameAlerts lets a second group read what the first has read, later, with other crashes.
func TestAReplayOfALogGivesTheSameAlerts(t *testing.T) {
	changes := []string{"r 1 active a b 100", "r 2 active a c 60", "r 3 shadow a c 60", "r 4 paused a c 60", "r 5 active b a 30", "r", "s 1 active b c 50 from 200", "s", "s 2 active c a 40"}
	found := 0
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 7))
		d := streamtest.New(t, liveShop(t, bought()), now, streamtest.Shuffle(seed), streamtest.Partitions(3), streamtest.CommitEvery(3), streamtest.InputPartitions("clicks", 2))
		d.Hold("shop-again", true)
		for i := range 80 {
			if random.IntN(5) == 0 {
				text := changes[random.IntN(len(changes))]
				name, _, document := strings.Cut(text, " ")
				d.SendRaw("rules", -1, []byte(name), map[bool][]byte{true: []byte(text)}[document])
			}
			send(t, d, fmt.Sprintf("%d w%d %s %d", i, random.IntN(4), string("abc"[random.IntN(3)]), 5*i))
			for range random.IntN(8) {
				d.Step()
			}
			switch random.IntN(12) {
			case 0:
				d.Restart()
			case 1:
				d.SetIdle("rules", 0, true)
			}
		}
		d.Advance(10 * time.Second)
		d.Hold("shop-again", false)
		for range random.IntN(40) {
			d.Step()
		}
		d.Restart()
		d.Run()
		first, again := inOrder(d, alerts), inOrder(d, alertsAgain)
		if !slices.Equal(first, again) {
			t.Fatalf("seed %d: alerts\n%q\nand again\n%q", seed, first, again)
		}
		found += len(first)
	}
	if found < 300 {
		t.Errorf("%d alerts: the test looks at little", found)
	}
}

// inOrder are the records of a topic, partition by partition.
func inOrder(d *streamtest.Driver, x stream.Topic[session, string]) (all []string) {
	rs := streamtest.Read(d, x)
	slices.SortStableFunc(rs, func(a, b streamtest.Rec[session, string]) int { return int(a.Partition - b.Partition) })
	for _, r := range rs {
		all = append(all, fmt.Sprint(r.Partition, " ", r.Key, " ", *r.Value, " ", r.EventTime.Sub(noon)))
	}
	return all
}
