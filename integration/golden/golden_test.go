package golden

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// The recomputation stands in for Flink where its job failed, so it must agree with Flink where it did not.
func TestTheRecomputationGivesFlinksAnswers(t *testing.T) {
	cases, err := Archived()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, c := range cases {
		u := UseCases[c.UseCase]
		if _, named := Exceptions[c.UseCase+"/"+c.Name]; named || c.Error != "" {
			continue
		}
		t.Run(c.UseCase+"/"+c.Name, func(t *testing.T) { recomputes(t, u, c) })
		compared++
	}
	if compared < 20 {
		t.Errorf("only %d cases were compared", compared)
	}
}

func recomputes(t *testing.T, u UseCase, c Case) {
	answer, err := u.Answer(c)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := u.Recompute(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := u.table(rows)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(answer.rows) {
		t.Errorf("%d rows, Flink has %d", len(got), len(answer.rows))
	}
	for k := range answer.rows {
		for _, diff := range answer.compare(k, got[k]) {
			t.Error(diff)
		}
	}
}

// paid is a case with one paid order, and Flink's answer to it.
func paid(t *testing.T) (Case, Answer) {
	t.Helper()
	c := Case{
		UseCase:  "001d",
		Name:     "one order",
		Params:   map[string]string{"TZ": "UTC"},
		Inputs:   []Input{{"trade_order_detail_info", "1", []byte(`{"order_id":"1","order_channel":"webShop","real_pay":2.5,"pay_time":"2021-03-25 01:00:00"}`)}},
		Expected: []Row{asRow(t, `{"begin_time":"2021-03-25 00:00:00","channel_code":"webShop","cur_gmv":2.5,"cur_order_count":1,"channel_name":"Website"}`)},
	}
	a, err := UseCases["001d"].Answer(c)
	if err != nil {
		t.Fatal(err)
	}
	return c, a
}

func asRow(t *testing.T, s string) Row {
	t.Helper()
	row, err := readRow([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return row
}

const goodRow = `{"begin_time":"2021-03-25 00:00:00","channel_code":"webShop","cur_gmv":2.50,"cur_order_count":1,"channel_name":"Website","updated_at":"2021-03-25T01:00:00.000Z"}`

func output(key, row string, dead ...DeadLetter) Output {
	return Output{Tables: map[string]map[string][]byte{"trade_channel_collect": {key: []byte(row)}}, DeadLetters: dead}
}

const goodKey = "2021-03-25 00:00:00|webShop"

func TestTheComparisonFindsEveryKindOfDifference(t *testing.T) {
	c, a := paid(t)
	dead := DeadLetter{Topic: c.Inputs[0].Topic, Value: c.Inputs[0].Value, Reason: "why not"}
	for name, x := range map[string]struct {
		out  Output
		want string // "": no difference
	}{
		"equal":                       {output(goodKey, goodRow), ""},
		"an amount":                   {output(goodKey, strings.Replace(goodRow, "2.50", "2.51", 1)), "cur_gmv is 2.51, want 2.5"},
		"a double's noise":            {output(goodKey, strings.Replace(goodRow, "2.50", "2.4999999999999", 1)), ""},
		"a count":                     {output(goodKey, strings.Replace(goodRow, `count":1`, `count":2`, 1)), "cur_order_count is 2, want 1"},
		"a text":                      {output(goodKey, strings.Replace(goodRow, "Website", "website", 1)), "channel_name is website"},
		"a column that is missing":    {output(goodKey, strings.Replace(goodRow, `"channel_name":"Website",`, "", 1)), "channel_name is <nil>"},
		"a column too many":           {output(goodKey, strings.Replace(goodRow, `{`, `{"x":null,`, 1)), "x is <nil>, want <nil>"},
		"no updated_at":               {output(goodKey, strings.Replace(goodRow, "updated_at", "x", 1)), "updated_at is no time"},
		"a row that is missing":       {Output{}, "is missing"},
		"a key that is not the row's": {output("other", goodRow), "has the key other"},
		"a row that is not JSON":      {output(goodKey, "{"), "unexpected EOF"},
		"a dead letter":               {output(goodKey, goodRow, dead), "dead letter that should be none"},
		"a dead letter from within":   {output(goodKey, goodRow, DeadLetter{Topic: "channelgmv-orders-by-id"}), "is no input"},
	} {
		t.Run(name, func(t *testing.T) {
			diffs := strings.Join(a.Differences(UseCases["001d"], c, x.out), "\n")
			if (diffs == "") != (x.want == "") || !strings.Contains(diffs, x.want) {
				t.Errorf("differences %q, want %q", diffs, x.want)
			}
		})
	}
}

func TestARowThatShouldNotBeThereIsADifference(t *testing.T) {
	c, a := paid(t)
	a.rows = map[string]Row{}
	if diffs := a.Differences(UseCases["001d"], c, output(goodKey, goodRow)); len(diffs) != 1 || !strings.Contains(diffs[0], "should not be there") {
		t.Errorf("differences: %q", diffs)
	}
}

func TestADeadLetterThatIsMissingIsADifference(t *testing.T) {
	c, a := paid(t)
	a.refused = [][]byte{c.Inputs[0].Value}
	a.reasons = []string{"why not"}
	if diffs := a.Differences(UseCases["001d"], c, output(goodKey, goodRow)); len(diffs) != 2 {
		t.Errorf("differences: %q", diffs)
	}
}

func TestADimensionThatDiffersIsADifference(t *testing.T) {
	u := UseCases["002b"]
	want, err := u.dimensionRows([]Row{asRow(t, `{"id":1,"raw_premium":"80","raw_info":"a"}`), asRow(t, `{"id":2,"raw_premium":null,"raw_info":"b"}`)})
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{"1": `{"raw_premium":"80","raw_info":"a","version":3}`, "2": `{"raw_premium":null,"raw_info":"b","version":0}`}
	for name, x := range map[string]struct{ key, row, want string }{
		"equal":                {"", "", ""},
		"a premium":            {"1", `{"raw_premium":"80.0","raw_info":"a"}`, "raw_premium is 80.0, want 80"},
		"a null":               {"2", `{"raw_premium":"","raw_info":"b"}`, "raw_premium is , want <nil>"},
		"a row too many":       {"3", good["1"], "row 3 of the dimension should not be there"},
		"a row that is no row": {"1", `{`, "row 1 of the dimension: unexpected EOF"},
	} {
		got := map[string][]byte{}
		for k, row := range good {
			got[k] = []byte(row)
		}
		if x.key != "" {
			got[x.key] = []byte(x.row)
		}
		diffs := strings.Join(Answer{dimension: want}.compareDimension(got), "; ")
		if (diffs == "") != (x.want == "") || !strings.Contains(diffs, x.want) {
			t.Errorf("%s: differences %q, want %q", name, diffs, x.want)
		}
	}
	if diffs := (Answer{dimension: want}).compareDimension(nil); len(diffs) != 2 {
		t.Errorf("rows that are missing: %q", diffs)
	}
}

// complaints is a TB that remembers what it is told.
type complaints struct {
	*testing.T
	said []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

func TestAnExceptionThatIsNotNeededFails(t *testing.T) {
	c, a := paid(t)
	c.Name = "stale"
	Exceptions["001d/stale"] = Exception{Reason: "none"}
	defer delete(Exceptions, "001d/stale")
	to := &complaints{T: t}
	Judge(to, c, a, output(goodKey, goodRow))
	if len(to.said) != 1 || !strings.Contains(to.said[0], "stale") {
		t.Errorf("it said %q", to.said)
	}
}

func TestAnExceptionIsChecked(t *testing.T) {
	c, a := paid(t)
	c.Name = "named"
	Exceptions["001d/named"] = Exception{Reason: "some", Rows: []string{strings.Replace(text(a.rows[goodKey]), "2.5", "7", 1)}, DeadLetters: []string{"why not"}}
	defer delete(Exceptions, "001d/named")
	dead := DeadLetter{Topic: c.Inputs[0].Topic, Value: c.Inputs[0].Value, Reason: "why not"}
	for gmv, complains := range map[string]int{"7": 0, "8": 1} {
		to := &complaints{T: t}
		Judge(to, c, a, output(goodKey, strings.Replace(goodRow, "2.50", gmv, 1), dead))
		if len(to.said) != complains {
			t.Errorf("cur_gmv %s: it said %q", gmv, to.said)
		}
	}
}

func TestRowsKeepTheirNumbersAsWritten(t *testing.T) {
	if got := asRow(t, `{"n":12345678901234567890.10}`)["n"]; got != json.Number("12345678901234567890.10") {
		t.Errorf("got %v", got)
	}
}
