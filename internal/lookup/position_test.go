package lookup

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAPositionReadsBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offsets := rapid.SliceOf(rapid.Int64Min(-1)).Draw(t, "offsets")
		position := positionOf(offsets)
		back, err := ParsePosition(position.String())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back, position) {
			t.Fatalf("%v became %v", position, back)
		}
		if !back.reached(offsets) {
			t.Fatalf("%v is not reached by what it was made from", back)
		}
	})
}

func TestAMalformedPositionIsExplained(t *testing.T) {
	for text, want := range map[string]string{
		"3":                       `"3" is not partition:offset`,
		"a:1":                     `"a" is not a partition`,
		"-1:1":                    `"-1" is not a partition`,
		"2147483648:1":            `"2147483648" is not a partition`,
		"1:":                      `"" is not an offset`,
		"1:-1":                    `"-1" is not an offset`,
		"1:9223372036854775808":   `"9223372036854775808" is not an offset`,
		"1:2,":                    `"" is not partition:offset`,
		"1:2,1:3":                 "partition 1 follows partition 1",
		"2:2,1:3":                 "partition 1 follows partition 2",
		"1:2:3":                   `"2:3" is not an offset`,
		"0:9223372036854775807,x": `"x" is not partition:offset`,
	} {
		if _, err := ParsePosition(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, without %q", text, err, want)
		}
	}
}

func TestAPartitionWithoutRecordsIsBeforeEverything(t *testing.T) {
	if text := positionOf([]int64{-1, 0, 7}).String(); text != "2:7" {
		t.Errorf("got %q", text)
	}
	none := []int64{-1}
	if !(Position{{0, 0}}).reached(none) || (Position{{0, 1}}).reached(none) {
		t.Error("only offset 0 is reached without a record")
	}
	if (Position{{5, 1}}).reached(none) {
		t.Error("a partition that there is not has reached nothing")
	}
}
