package stream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
)

const day = 24 * 60

func TestARowIsForgottenByTheBusinessTimeOfItsLatestVersion(t *testing.T) {
	d := run(t, forgetful(24*time.Hour), streamtest.MaxAhead(0))
	send(d, order{ID: "a", Channel: "web", Minute: 0, Version: 1}, order{ID: "b", Channel: "web", Minute: 1, Version: 1})
	send(d, order{ID: "a", Channel: "web", Minute: 600, Version: 2})
	written(d, results)

	send(d, order{ID: "c", Channel: "app", Minute: day, Version: 1})
	want(t, "after a day less a minute", rowsOf(d), "a", "b", "c")
	send(d, order{ID: "c", Channel: "app", Minute: day + 1, Version: 2})
	want(t, "b is a day old", rowsOf(d), "a", "c")
	send(d, order{ID: "c", Channel: "app", Minute: day + 599, Version: 3})
	want(t, "a is a day old but a minute", rowsOf(d), "a", "c")
	send(d, order{ID: "c", Channel: "app", Minute: day + 600, Version: 4})
	want(t, "a is a day old", rowsOf(d), "c")

	want(t, "of what expired nothing is said", written(d, results), "app {1 0}")
	if got := streamtest.Table(d, results)["web"].Orders; got != 2 {
		t.Errorf("the result is %d orders", got)
	}
	if c := d.Counters("shop-latest"); c.Expired != 2 || c.Late != 0 {
		t.Errorf("counted %+v", c)
	}
	want(t, "state", d.StateKeys("shop-latest"), "c")
}

func rowsOf(d *streamtest.Driver) (ids []string) {
	for _, k := range d.StateKeys("shop-latest") {
		if !strings.Contains(k, "\x00") {
			ids = append(ids, k)
		}
	}
	return ids
}

func TestARowAndItsSubRowsExpireTogether(t *testing.T) {
	d := run(t, measured(), streamtest.MaxAhead(0))
	send(d, order{ID: "a", Channel: "web", Version: 1, Paid: 5, User: "u"})
	before := len(d.StateKeys("shop-every"))
	send(d, order{ID: "b", Channel: "app", Minute: 2 * day, Version: 1, Paid: 5, User: "u"}, order{ID: "b", Channel: "app", Minute: 2 * day, Version: 2, Paid: 5, User: "u"})
	for _, k := range d.StateKeys("shop-every") {
		if strings.Contains(k, "web") {
			t.Errorf("%q is left", k)
		}
	}
	if after := len(d.StateKeys("shop-every")); before != 4 || after != 4 { // row, user, least, last
		t.Errorf("%d keys before, %d after", before, after)
	}
}

func TestWhatIsOlderThanTheTableRemembersIsADeadLetterAndCounted(t *testing.T) {
	d := run(t, forgetful(24*time.Hour), streamtest.MaxAhead(0))
	send(d, order{ID: "a", Channel: "web", Minute: day, Version: 1})
	send(d, order{ID: "b", Channel: "web", Minute: 1, Version: 1})
	send(d, order{ID: "c", Channel: "web", Minute: 0, Version: 1})
	want(t, "results", written(d, results), "web {1 0}", "web {2 0}")
	ls := d.DeadLetters()
	if len(ls) != 1 || string(ls[0].Key) != "c" || ls[0].Group != "shop-latest" || ls[0].Topic != "shop-by-order" ||
		ls[0].Reason != "too late: event time 2021-03-25T12:00:00Z, the watermark is 2021-03-26T12:00:00Z and the table retains rows for 1d" {
		t.Errorf("dead letters %+v", ls)
	}
	if c := d.Counters("shop-latest"); c.Late != 1 || c.DeadLetters != 1 {
		t.Errorf("counted %+v", c)
	}
}

func TestExpirySurvivesARestart(t *testing.T) {
	d := run(t, forgetful(24*time.Hour), streamtest.MaxAhead(0))
	send(d, order{ID: "a", Channel: "web", Version: 1})
	d.Restart()
	send(d, order{ID: "b", Channel: "web", Minute: day, Version: 1}, order{ID: "b", Channel: "web", Minute: day, Version: 2})
	want(t, "rows", rowsOf(d), "b")
}
