package clickalerts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// raw sends clicks of which only some fields are there, in minutes after noon: "0 eventType=cart price=300".
func (s shop) raw(lines ...string) {
	s.t.Helper()
	for i, line := range lines {
		minutes, fields, _ := strings.Cut(line, " ")
		var m float64
		if _, err := fmt.Sscan(minutes, &m); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		value := fmt.Sprintf(`{"value_eventTime":%d`, noon.Add(time.Duration(m*float64(time.Minute))).UnixMilli())
		for _, field := range strings.Fields(fields) {
			name, v, _ := strings.Cut(field, "=")
			if name != "price" {
				v = `"` + v + `"`
			}
			value += fmt.Sprintf(`,"value_%s":%s`, name, v)
		}
		s.SendRaw("clickstream", 0, fmt.Appendf(nil, `{"key_id":%d}`, i+1), []byte(value+"}"))
	}
}

// told are the alerts once all windows have closed: "type session user".
func (s shop) told() (all []string) {
	s.t.Helper()
	s.SendRaw("clickstream", 0, []byte(`{"key_id":0}`), fmt.Appendf(nil, `{"value_eventTime":%d,"value_userId":"clock"}`, noon.Add(30*24*time.Hour).UnixMilli()))
	s.Run()
	for _, a := range streamtest.Table(s.Driver, clickalerts.Alerts) {
		all = append(all, fmt.Sprintf("%s %q %q", a.Type, a.Session, a.User))
	}
	slices.Sort(all)
	return all
}

func TestAClickCountsForWhatItHas(t *testing.T) {
	const session, user = " userSession=s", " userId=u"
	for _, c := range []struct {
		what   string
		clicks []string
		want   []string
	}{
		{"a cart of a session without a user", []string{"0 eventType=cart price=300" + session}, []string{`CART_ABANDONMENT "s" ""`}},
		{"a cart of a user without a session", []string{"0 eventType=cart price=300" + user}, nil},
		{"prices that fall for a user without a session",
			[]string{"0 eventType=view productId=p price=5" + user, "1 eventType=view productId=p price=4" + user, "2 eventType=cart" + user},
			[]string{`PRICE_SENSITIVITY "" "u"`}},
		{"prices that fall in a session without a user",
			[]string{"0 eventType=view productId=p price=5" + session, "1 eventType=view productId=p price=4" + session, "2 eventType=cart" + session}, nil},
		{"an empty session is none", []string{"0 eventType=cart price=300 userSession=" + user}, nil},
		{"two views of unlike categories",
			[]string{"0 eventType=view categoryCode=a" + session, "1 eventType=view categoryCode=b" + session}, []string{`CROSS_UPSELL "s" ""`}},
		{"a click without a type lies between them",
			[]string{"0 eventType=view categoryCode=a" + session, "0.5" + session, "1 eventType=view categoryCode=b" + session}, nil},
		{"so does one of a type that is not known",
			[]string{"0 eventType=view categoryCode=a" + session, "0.5 eventType=hover" + session, "1 eventType=view categoryCode=b" + session}, nil},
		{"a type is written as it is", []string{"0 eventType=CART price=300" + session}, nil},
		{"views without a category", []string{"0 eventType=view" + session, "1 eventType=view categoryCode=b" + session}, nil},
		{"a cart without a price", []string{"0 eventType=cart" + session}, nil},
		{"a cart below zero", []string{"0 eventType=cart price=-300" + session}, nil},
		{"a price that falls below zero",
			[]string{"0 eventType=view productId=p price=1" + user, "1 eventType=view productId=p price=-1" + user, "2 eventType=cart" + user},
			[]string{`PRICE_SENSITIVITY "" "u"`}},
		{"views without a product, of falling prices",
			[]string{"0 eventType=view price=5" + user, "1 eventType=view price=4" + user, "2 eventType=cart" + user}, nil},
	} {
		s := open(t, utc)
		s.raw(c.clicks...)
		if got := s.told(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if dead := s.DeadLetters(); len(dead) > 0 {
			t.Errorf("%s: dead letter: %s", c.what, dead[0].Reason)
		}
	}
}

// One broken clock does not move time for all.
func TestAClickFarAheadIsADeadLetterAndMovesNoTime(t *testing.T) {
	s := open(t, utc, streamtest.MaxAhead(24*time.Hour))
	far := noon.Add(200 * 24 * time.Hour)
	s.SendRaw("clickstream", 0, []byte(`{"key_id":100}`), fmt.Appendf(nil, `{"value_eventTime":%d,"value_eventType":"view","value_userSession":"s"}`, far.UnixMilli()))
	s.raw("0 eventType=cart price=300 userSession=s", "1 eventType=purchase userSession=s")
	if got := s.told(); !slices.Equal(got, []string{`PURCHASE_COMPLETION "s" ""`}) {
		t.Errorf("alerts %q", got)
	}
	if dead := s.DeadLetters(); len(dead) != 1 || !strings.Contains(dead[0].Reason, "--max-ahead") {
		t.Errorf("dead letters: %+v", dead)
	}
}

func TestAClickBehindTheWatermarkIsADeadLetterForSessionAndUser(t *testing.T) {
	s := open(t, utc)
	s.raw("10 eventType=view userSession=s userId=u", "11 eventType=view userSession=s userId=u")
	s.Run()
	s.SendRaw("clickstream", 0, []byte(`{"key_id":200}`), fmt.Appendf(nil, `{"value_eventTime":%d,"value_eventType":"cart","value_price":300,"value_userSession":"s","value_userId":"u"}`, noon.UnixMilli()))
	if got := s.told(); len(got) > 0 {
		t.Errorf("alerts %q", got)
	}
	dead := s.DeadLetters()
	if len(dead) != 2 || !strings.Contains(dead[0].Reason, "too late") || !strings.Contains(dead[1].Reason, "too late") {
		t.Errorf("dead letters: %+v", dead)
	}
}

func TestAClickOfNobodyIsADeadLetter(t *testing.T) {
	s := open(t, utc)
	s.raw("0 eventType=view", "0 eventType=view userId= userSession=", "0 eventType=view userSession=")
	if got := s.told(); len(got) > 0 {
		t.Errorf("alerts %q", got)
	}
	dead := s.DeadLetters()
	if len(dead) != 3 {
		t.Fatalf("dead letters: %+v", dead)
	}
	for _, d := range dead {
		if !strings.Contains(d.Reason, "nobody has clicked") {
			t.Errorf("the reason is %q", d.Reason)
		}
	}
}

func TestAClickWhoseFieldsCantBeReadIsADeadLetter(t *testing.T) {
	for reason, value := range map[string]string{
		`"value_eventTime"`: `{"value_eventTime":"soon","value_userId":"u"}`,
		"zero byte":         `{"value_eventTime":1616673600000,"value_userSession":"s\u0000x"}`,
		"JSON":              `[1]`,
	} {
		s := open(t, utc)
		s.SendRaw("clickstream", 0, []byte(`{"key_id":1}`), []byte(value))
		if got := s.told(); len(got) > 0 {
			t.Errorf("%s: alerts %q", value, got)
		}
		if dead := s.DeadLetters(); len(dead) != 1 || !strings.Contains(dead[0].Reason, reason) {
			t.Errorf("%s: dead letters: %+v", value, dead)
		}
	}
}
