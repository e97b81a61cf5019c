package sqlsink

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/integration/databases"
)

func message(topic string, partition int32, offset int64, key, value string) *sarama.ConsumerMessage {
	m := &sarama.ConsumerMessage{Topic: topic, Partition: partition, Offset: offset, Key: []byte(key)}
	if value != "" {
		m.Value = []byte(value)
	}
	return m
}

func TestWhatTheDatabaseRefusesIsADeadLetterAndTheRestGoesIn(t *testing.T) {
	bad := []struct{ key, value, reason string }{
		{"a|1001", `{"visitors":1,"name":"longer than ten"}`, "visits"}, // the database's words differ
		{"a|1002", `{"visitors":null}`, `field "visitors" is missing`},
		{"a|1003", `not JSON`, "JSON"},
		{"a|1004", `{"visitors":"many"}`, `"many" is not an integer`},
		{"a|1005", `{"visitors":1,"amount":"1,5"}`, `"1,5" is not a number`},
		{"a", `{"visitors":1}`, "has 1 parts"},
		{"a|b", `{"visitors":1}`, `"b" is not an integer`},
		{"(none)|1006", `{"visitors":1}`, "stands for null"},
		{`a|\N`, `{"visitors":1}`, "is null"},
		{"seventeen letters|1007", `{"visitors":1}`, "visits"},
		{"a|x", ``, `"x" is not an integer`},
	}
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 1)
		if st.settings.Kind == "sqlite" { // which has no lengths of its own
			st.exec(t, `CREATE TABLE visits (place TEXT NOT NULL CHECK (length(place) <= 16), number INTEGER NOT NULL, name TEXT CHECK (length(name) <= 10),
				visitors INTEGER NOT NULL, amount REAL, price TEXT, note TEXT, PRIMARY KEY (place, number)) STRICT`)
		}
		var all []string
		for i := range 300 {
			all = append(all, fmt.Sprintf("a|%d", i), `{"visitors":1}`)
			if i%25 == 5 && i/25 < len(bad) {
				all = append(all, bad[i/25].key, bad[i/25].value)
			}
		}
		s.send(all...)
		_, stop := s.start()
		within(t, 60*time.Second, func() (bool, string) {
			n := s.query(t, "SELECT COUNT(*) FROM visits")[0][0]
			return n == "300", n + " rows, want 300"
		})
		s.awaitPosition()
		if err := stop(); err != nil {
			t.Error(err)
		}
		s.mustHoldLetters(bad)
	})
}

func (s *scene) mustHoldLetters(bad []struct{ key, value, reason string }) {
	s.Helper()
	found := map[string]string{}
	for _, l := range s.letters() {
		if l.Headers["topic"] != s.topic || l.Headers["partition"] != "0" || l.Headers["group"] != "sqlsink visits" {
			s.Errorf("headers of a dead letter: %v", l.Headers)
		}
		if found[string(l.Key)] != "" {
			s.Errorf("two dead letters for %s", l.Key)
		}
		found[string(l.Key)] = l.Headers["reason"]
	}
	for _, b := range bad {
		if !strings.Contains(found[b.key], b.reason) || found[b.key] == "" {
			s.Errorf("the dead letter of %q says %q, want %q", b.key, found[b.key], b.reason)
		}
		delete(found, b.key)
	}
	if len(found) > 0 {
		s.Errorf("dead letters that should not be: %v", found)
	}
}

// TestATextThatATablesCharacterSetLacksIsRefusedAndNotBent: such a table would show question marks otherwise.
func TestATextThatATablesCharacterSetLacksIsRefusedAndNotBent(t *testing.T) {
	servers(t, func(t *testing.T, st store, _ databases.Server) {
		if st.settings.Kind != "mysql" {
			t.Skip("a PostgreSQL has one character set for all")
		}
		s := newScene(t, st, 1)
		s.exec(t, "CREATE TABLE visits (place VARCHAR(16) NOT NULL, number BIGINT NOT NULL, name VARCHAR(10), visitors BIGINT NOT NULL, amount DOUBLE, price DECIMAL(10,2), note TEXT, "+
			"PRIMARY KEY (place, number)) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin")
		s.send("Köln|1", `{"visitors":1,"name":"Zoë"}`, "a|2", `{"visitors":1,"name":"小程序"}`, "小|3", `{"visitors":1}`, "Köln|4", `{"visitors":1}`, "Köln|4", "", "小|5", "")
		s.start()
		s.awaitPosition()
		s.await([]string{"Köln", "1", "Zoë", "1", null, null, null})
		for _, l := range s.letters() {
			if reason := l.Headers["reason"]; !strings.Contains(reason, "Incorrect string value") {
				t.Errorf("dead letter %s: %s", l.Key, reason)
			}
		}
		if n := len(s.letters()); n != 2 {
			t.Errorf("%d dead letters, want 2", n)
		}
	})
}

func TestARefusedChangeLeavesTheOneBeforeIt(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 1)
		if st.settings.Kind == "sqlite" {
			st.exec(t, `CREATE TABLE visits (place TEXT NOT NULL, number INTEGER NOT NULL, name TEXT CHECK (length(name) <= 10),
				visitors INTEGER NOT NULL, amount REAL, price TEXT, note TEXT, PRIMARY KEY (place, number)) STRICT`)
		}
		// One batch: all is there before the sink starts.
		s.send("a|1", `{"visitors":1}`, "a|1", `{"visitors":2}`, "a|1", `{"visitors":3,"name":"longer than ten"}`,
			"a|2", `{"visitors":1}`, "a|2", "", "a|2", `{"visitors":3,"name":"longer than ten"}`,
			"a|3", `{"visitors":1}`, "a|3", `{}`)
		_, stop := s.start()
		s.await([]string{"a", "1", null, "2", null, null, null}, []string{"a", "3", null, "1", null, null, null})
		s.awaitPosition()
		if err := stop(); err != nil {
			t.Error(err)
		}
		var offsets []int
		for _, l := range s.letters() {
			n, _ := strconv.Atoi(l.Headers["offset"])
			offsets = append(offsets, n)
		}
		if want := map[int]bool{2: true, 5: true, 7: true}; len(offsets) != 3 || !want[offsets[0]] || !want[offsets[1]] || !want[offsets[2]] {
			t.Errorf("dead letters of offsets %v, want 2, 5 and 7", offsets)
		}
	})
}

func TestARowOfTheTopicIsReadAsItsColumnsNeedIt(t *testing.T) {
	x := newTarget(visits("topic"))
	texts := func(r row) (all []string) {
		for _, v := range r {
			text := null
			if v.Valid {
				text = v.V
			}
			all = append(all, text)
		}
		return all
	}
	for _, c := range []struct {
		key, value string
		want       []string
		deleted    bool
	}{
		{"a|1", `{"visitors":" 7 ","amount":1e3,"price":"12.50","remark":{"x": 1}}`, []string{"a", null, "1", "7", "1e3", "12.50", `{"x":1}`}, false},
		{`a\|b|+1`, `{"visitors":7,"name":true,"amount":"-0.5E-2"}`, []string{"a|b", "true", "1", "7", "-0.5E-2", null, null}, false},
		{`\N|-1`, "", []string{"(none)", null, "-1", null, null, null, null}, true},
	} {
		r, deleted, err := x.decode([]byte(c.key), []byte(c.value))
		if err != nil || deleted != c.deleted || !reflect.DeepEqual(texts(r), c.want) {
			t.Errorf("%s %s: %v %v %v, want %v", c.key, c.value, texts(r), deleted, err, c.want)
		}
	}
	for _, value := range []string{`{"visitors":1,"amount":"NaN"}`, `{"visitors":1,"amount":"0x1"}`, `{"visitors":1,"amount":"1e"}`, `{"visitors":1,"amount":"1e+-5"}`, `{"visitors":1,"price":"1e99999"}`, `{"visitors":1,"price":"."}`, `{"visitors":9223372036854775808}`, `[]`, `[{"visitors":1},{"visitors":2}]`, `7`} {
		if r, _, err := x.decode([]byte("a|1"), []byte(value)); err == nil {
			t.Errorf("%s is read as %v", value, texts(r))
		}
	}
}
