package source

import (
	"errors"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/cdc"
)

func testTable() *table {
	return &table{
		schema: "shop", name: "cli`cks", engine: "InnoDB", primary: []string{"day", "name", "n"}, unique: [][]string{{"day", "name", "n"}},
		columns: []column{
			{Type: cdc.Type{Name: "day", Family: cdc.Calendar}, dataType: "date"},
			{Type: cdc.Type{Name: "name", Family: cdc.Text}, dataType: "varchar", charset: "utf8mb4"},
			{Type: cdc.Type{Name: "n", Family: cdc.Integer}, dataType: "int"},
			{Type: cdc.Type{Name: "raw", Family: cdc.Binary}, dataType: "varbinary"},
			{Type: cdc.Type{Name: "flags", Family: cdc.Integer}, dataType: "bit"},
			{Type: cdc.Type{Name: "weight", Family: cdc.Single}, dataType: "float"},
		},
	}
}

func TestAChunkBeginsBehindTheLastKeyAndEndsWithTheLargest(t *testing.T) {
	l := cdc.Layout{Read: []string{"n", "flags", "weight"}}
	const head = "SELECT `n`, `flags`+0, `weight`+0e0 FROM `shop`.`cli``cks` FORCE INDEX (PRIMARY)"
	const tail = " ORDER BY `day`, `name`, `n` LIMIT 7"
	const behind = "(`day` > '2021-03-25' OR (`day` = '2021-03-25' AND (`name` > _utf8mb4 x'274f' OR (`name` = _utf8mb4 x'274f' AND (`n` > -3)))))"
	const within = "(`day` < '2022-01-01' OR (`day` = '2022-01-01' AND (`name` < _utf8mb4 x'' OR (`name` = _utf8mb4 x'' AND (`n` <= 9)))))"
	after, until := []string{"2021-03-25", "'O", "-3"}, []string{"2022-01-01", "", "9"}
	for _, c := range []struct {
		after, until []string
		want         string
	}{
		{nil, nil, head + tail},
		{after, nil, head + " WHERE " + behind + tail},
		{nil, until, head + " WHERE " + within + tail},
		{after, until, head + " WHERE " + behind + " AND " + within + tail},
	} {
		got, err := testTable().chunk(l, c.after, c.until, 7)
		if err != nil || got != c.want {
			t.Errorf("%s (%v), want\n%s", got, err, c.want)
		}
	}
}

func TestAStoredKeyThatIsNoKeyOfTheTableIsRefused(t *testing.T) {
	l := cdc.Layout{Read: []string{"n"}}
	for _, after := range [][]string{{"1"}, {"2021-03-25", "x", "1 OR 1=1"}, {"2021-03-25' OR '1", "x", "1"}, {"", "x", "1"}} {
		if sql, err := testTable().chunk(l, after, nil, 7); !errors.Is(err, cdc.ErrStop) {
			t.Errorf("%q became %s (%v)", after, sql, err)
		}
	}
}

func TestTheKeyOfARowIsThatOfThePrimaryKeyInItsOrder(t *testing.T) {
	x := testTable()
	x.primary = []string{"raw", "n"}
	key := x.keyOf(cdc.Layout{Read: []string{"N", "name", "raw"}}, [][]byte{[]byte("7"), []byte("x"), {0, 0xff}})
	if strings.Join(key, ",") != "00ff,7" {
		t.Errorf("key %q", key)
	}
}

func TestWhatStandsAgainstACaptureIsListedTogether(t *testing.T) {
	x := testTable()
	x.engine, x.cascades = "MyISAM", []string{"fk_order"}
	x.columns[1].strange = errors.New("column name is strange")
	err := x.check(cdc.Layout{Read: []string{"name"}})
	for _, want := range []string{"engine is MyISAM", "the foreign keys [fk_order]", "column name is strange", "holds no unique index"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
