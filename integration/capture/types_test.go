package capture_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
)

// typed are columns with values: each is written twice, once to be read by the snapshot and once by the log.
var typed = []struct {
	column string // type
	values []string
	want   []string // what must be in the topic, if it is worth saying
}{
	{"TINYINT", []string{"-128", "127"}, []string{"-128", "127"}},
	{"TINYINT UNSIGNED", []string{"255"}, []string{"255"}},
	{"SMALLINT UNSIGNED", []string{"65535"}, nil},
	{"MEDIUMINT", []string{"-8388608", "8388607"}, nil},
	{"MEDIUMINT UNSIGNED", []string{"16777215"}, nil},
	{"INT(8) ZEROFILL", []string{"42"}, []string{"42"}},
	{"BIGINT", []string{"-9223372036854775808"}, []string{"-9223372036854775808"}},
	{"BIGINT UNSIGNED", []string{"18446744073709551615"}, []string{"18446744073709551615"}},
	{"BOOLEAN", []string{"TRUE"}, []string{"1"}},
	{"YEAR", []string{"2021", "0"}, []string{"2021", "0"}},
	{"BIT(1)", []string{"b'1'", "b'0'"}, []string{"1", "0"}},
	{"BIT(64)", []string{"b'1000000000000000000000000000000000000000000000000000000000000001'"}, []string{"9223372036854775809"}},
	{"DECIMAL(10,2)", []string{"12.5", "-0.07", "0", "-99999999.99"}, []string{"12.50", "-0.07", "0.00", "-99999999.99"}},
	{"DECIMAL(38,18)", []string{"12345678901234567890.123456789012345678", "0.000000000000000001"}, nil},
	{"DECIMAL(9,0)", []string{"-5"}, []string{"-5"}},
	{"FLOAT", []string{"0.1", "16777216", "3.4e38", "-1e-30"}, []string{"0.1", "16777216", "3.4e+38", "-1e-30"}},
	{"DOUBLE", []string{"0.1", "1e22", "5e-324", "123456789.125"}, []string{"0.1", "1e+22", "5e-324", "123456789.125"}},
	{"DOUBLE(10,2)", []string{"1.5"}, []string{"1.5"}},
	{"CHAR(10)", []string{"'a '", "''"}, []string{`"a"`, `""`}},
	{"VARCHAR(300)", []string{"'é\"\\\\ \n'", "' x '"}, nil},
	{"TEXT", []string{"REPEAT('ü𝄞', 1000)"}, nil},
	{"VARCHAR(20) CHARACTER SET utf8", []string{"'日本'"}, []string{`"日本"`}},
	{"VARCHAR(20) CHARACTER SET ascii", []string{"'plain'"}, nil},
	{"VARCHAR(20) CHARACTER SET latin1", []string{"'Zoë €'", "_latin1 x'81a0ff'"}, []string{`"Zoë €"`}},
	{"TEXT CHARACTER SET latin1", []string{"'Grüße'"}, []string{`"Grüße"`}},
	{"BINARY(4)", []string{"x'6100'", "x'00ff00ff'"}, []string{`"YQAAAA=="`, `"AP8A/w=="`}},
	{"VARBINARY(20)", []string{"x'00010200'", "''"}, []string{`"AAECAA=="`, `""`}},
	{"BLOB", []string{"REPEAT(x'ff00', 700)"}, nil},
	{"DATE", []string{"'2021-03-25'", "'0000-00-00'"}, []string{`"2021-03-25"`, `"0000-00-00"`}},
	{"TIME", []string{"'-838:59:59'", "'08:09:10'", "'-00:00:01'"}, []string{`"-838:59:59"`, `"08:09:10"`, `"-00:00:01"`}},
	{"TIME(3)", []string{"'08:09:10.123'", "'-01:00:00.5'", "'00:00:00'"}, []string{`"08:09:10.123"`, `"-01:00:00.500"`, `"00:00:00.000"`}},
	{"DATETIME", []string{"'2021-03-25 08:00:00'", "'0000-00-00 00:00:00'"}, []string{`"2021-03-25 08:00:00"`, `"0000-00-00 00:00:00"`}},
	{"DATETIME(6)", []string{"'2021-03-25 08:00:00.000001'", "'1000-01-01 00:00:00'"}, []string{`"2021-03-25 08:00:00.000001"`, `"1000-01-01 00:00:00.000000"`}},
	{"TIMESTAMP NULL", []string{"'2021-03-25 08:00:00'"}, []string{`"2021-03-25 08:00:00"`}},
	{"TIMESTAMP(3) NULL", []string{"'2021-03-25 08:00:00.05'", "'0000-00-00 00:00:00'"}, []string{`"2021-03-25 08:00:00.050"`, `"0000-00-00 00:00:00.000"`}},
	{"ENUM('one','two','dr''ei')", []string{"'dr''ei'", "0"}, []string{`"dr'ei"`, `""`}},
	{"ENUM('größe','x') CHARACTER SET latin1", []string{"'größe'"}, []string{`"größe"`}},
	{"SET('a','b','c')", []string{"'a,c'", "''"}, []string{`"a,c"`, `""`}},
	{"JSON", []string{`'{"b": [1, 2.50, 1e3, true, null], "a": "<ü>", "long": 12345678901234567890}'`, "'null'", "'1.0'"},
		[]string{`"{\"a\":\"<ü>\",\"b\":[1,2.5,1000,true,null],\"long\":12345678901234567890}"`, `"null"`, `"1"`}},
}

func TestEveryTypeIsTheSameFromTheTableAndFromTheLog(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), "")
	var columns, fields []string
	rows := 1
	for i, c := range typed {
		columns = append(columns, fmt.Sprintf("c%d %s", i, c.column))
		fields = append(fields, fmt.Sprintf(`{"column": "c%d"}`, i))
		rows = max(rows, len(c.values)+1) // the last one is null throughout
	}
	b.Define(`{"table": "typed", "topic": "TOPIC", "columns": [` + strings.Join(fields, ",") + `]}`)
	b.Exec("CREATE TABLE typed (id INT PRIMARY KEY, " + strings.Join(columns, ", ") + ")")
	lenient := b.Connect("sql_mode=%27%27&time_zone=%27%2B00%3A00%27") // takes dates and labels that are none
	insert := func(from int) {
		for r := range rows {
			values := []string{fmt.Sprint(from + r)}
			for _, c := range typed {
				if r < len(c.values) {
					values = append(values, c.values[r])
				} else {
					values = append(values, "NULL")
				}
			}
			if _, err := lenient.Exec("INSERT INTO typed VALUES (" + strings.Join(values, ", ") + ")"); err != nil {
				t.Fatal(err)
			}
		}
	}
	insert(0)
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	insert(1000)
	var got map[string]string
	capture.Await(t, "both halves", func() bool {
		got = capture.Compacted(t, b.Records())
		return len(got) == 2*rows
	})
	r.Stop()
	for i := range rows {
		table, log := got[fmt.Sprintf(`{"id":%d}`, i)], got[fmt.Sprintf(`{"id":%d}`, 1000+i)]
		if table != log {
			for _, d := range differing(table, log) {
				t.Errorf("row %d: %s", i, d)
			}
		}
		for j, c := range typed {
			if i < len(c.want) && !strings.Contains(table, fmt.Sprintf(`"c%d":%s`, j, c.want[i])) {
				t.Errorf("%s %s: want %s in %s", c.column, c.values[i], c.want[i], around(table, j))
			}
		}
	}
}

func differing(a, b string) (all []string) {
	for i, c := range typed {
		if x, y := around(a, i), around(b, i); x != y {
			all = append(all, fmt.Sprintf("%s: the table says %.80s, the log %.80s", c.column, x, y))
		}
	}
	return all
}

// around is the field of a column in a value.
func around(value string, column int) string {
	_, rest, _ := strings.Cut(value, fmt.Sprintf(`"c%d":`, column))
	field, _, _ := strings.Cut(rest, fmt.Sprintf(`,"c%d":`, column+1))
	return field
}
