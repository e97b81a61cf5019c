package engine

import (
	"testing"
	"time"
)

func TestTimeGoesOnOnlyWhileTheEndsStandStill(t *testing.T) {
	var s silence
	start := time.Now()
	ends := func(ns ...int64) map[string][]int64 { return map[string][]int64{"in": ns} }
	for _, x := range []struct {
		what string
		at   int // s
		ends map[string][]int64
		want time.Duration
	}{
		{"first look", 0, ends(5, 7), 0},
		{"not for long enough", 4, ends(5, 7), 0},
		{"two seconds longer than it takes", 7, ends(5, 7), 2 * time.Second},
		{"after that what has passed", 8, ends(5, 7), time.Second},
		{"a record of another partition", 9, ends(5, 8), 0},
		{"not for long enough since", 13, ends(5, 8), 0},
		{"again", 15, ends(5, 8), time.Second},
		{"a partition more", 16, ends(5, 8, 0), 0},
	} {
		if got := s.lasts(start.Add(time.Duration(x.at)*time.Second), x.ends, 5*time.Second); got != x.want {
			t.Errorf("%s: time goes on by %s, want %s", x.what, got, x.want)
		}
	}
	s.ends = nil // something was still to be read
	if got := s.lasts(start.Add(time.Hour), ends(5, 8, 0), 5*time.Second); got != 0 {
		t.Errorf("time went on by %s while records were to be read", got)
	}
}
