package main

import "testing"

const someMetrics = `# HELP tributary_recovery_bytes Keys and values read for that.
# TYPE tributary_recovery_bytes gauge
tributary_recovery_bytes{group="recovery-other"} 7
tributary_recovery_bytes{group="recovery-totals"} 3.5e+07
`

func TestAGaugeIsFoundByItsGroup(t *testing.T) {
	if n, err := parseGauge([]byte(someMetrics), "tributary_recovery_bytes", "recovery-totals"); n != 35_000_000 || err != nil {
		t.Errorf("%v, %v", n, err)
	}
	for _, missing := range [][2]string{{"tributary_recovery_bytes", "recovery"}, {"tributary_recovery", "recovery-totals"}} {
		if n, err := parseGauge([]byte(someMetrics), missing[0], missing[1]); err == nil {
			t.Errorf("%v is %v", missing, n)
		}
	}
}
