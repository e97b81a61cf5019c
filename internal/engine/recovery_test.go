package engine

import (
	"testing"
	"time"
)

func TestARecoveryLastsFromTheFirstStoreToTheLast(t *testing.T) {
	var r recovery
	at := func(s int) time.Time { return time.Unix(1_600_000_000+int64(s), 0) }
	r.begin(at(2))
	if _, _, ok := r.done(); ok {
		t.Error("done before a store is")
	}
	r.begin(at(1))
	r.end(100, at(9))
	r.end(20, at(7))
	if took, bytes, ok := r.done(); took != 8*time.Second || bytes != 120 || !ok {
		t.Errorf("%v, %d bytes, %v; want 8s, 120, true", took, bytes, ok)
	}
	r.reset()
	if _, _, ok := r.done(); ok {
		t.Error("the next session begins with the recovery of the last")
	}
}
