package main

import (
	"strings"
	"testing"
)

func TestTheReportIsWrittenOnlyByAWholeRun(t *testing.T) {
	for args, want := range map[string]string{
		"":                                 defaultReport,
		"-rounds 5":                        defaultReport,
		"-quick":                           "",
		"-peers=false":                     "",
		"-parts count":                     "",
		"-profile /tmp":                    "",
		"-parts count -write elsewhere.md": "elsewhere.md",
	} {
		o, err := parseOptions(strings.Fields(args))
		if err != nil || o.write != want {
			t.Errorf("%q writes %q (%v), want %q", args, o.write, err, want)
		}
	}
}

func TestQuickIsADefaultThatFlagsChange(t *testing.T) {
	o, err := parseOptions([]string{"-large", "123456", "-quick"})
	if err != nil || o.large != 123456 || o.small != quick.small {
		t.Errorf("large %d, small %d, %v", o.large, o.small, err)
	}
}

func TestMistakesInFlagsAreNamed(t *testing.T) {
	for args, want := range map[string]string{
		"-parts counts":   `no "counts"`,
		"-large 5":        "-large above -small",
		"-rounds 0":       "-rounds",
		"-beyond-keys 5":  "-beyond-keys above -keys",
		"-case-records 5": "-case-records",
		"-nonsense":       "nonsense",
		"-quick another":  "another",
	} {
		if _, err := parseOptions(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to name %s", args, err, want)
		}
	}
}

func TestPartsAreChosenByName(t *testing.T) {
	o, err := parseOptions([]string{"-parts", "gmv,memory"})
	if err != nil || !o.chosen("gmv") || !o.chosen("memory") || o.chosen("count") {
		t.Errorf("%v, %v", o.parts, err)
	}
}
