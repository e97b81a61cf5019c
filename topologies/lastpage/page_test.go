package lastpage

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
)

// What is stored at users' must be read by tomorrow's program.
func TestStoredRowsAreTheseBytes(t *testing.T) {
	text, at := codecs.NotNull("x"), codecs.NotNull[int64](1616673600000)
	stored(t, codecs.Compact[Visit](1), Visit{at, text, text, text, text}, "01a5011b0000017869417200026178036178046178056178")
	stored(t, codecs.Compact[Visit](1), Visit{Account: text}, "01a1036178")
	stored(t, codecs.Compact[LastVisit](1), LastVisit{Last{text, at}, Last{text, codecs.Bigint{}}}, "01a201a2016178021b000001786941720002a1016178")
	stored(t, codecs.Compact[LastVisit](1), LastVisit{}, "01a201a002a0")
}

func stored[V any](t *testing.T, c codecs.Codec[V], v V, want string) {
	t.Helper()
	b, err := c.Encode(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(b) != want {
		t.Errorf("%T is stored as\n%x, was\n%s", v, b, want)
	}
	old, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	back, err := c.Decode(old)
	if again, err2 := c.Encode(nil, back); err != nil || err2 != nil || !bytes.Equal(again, old) {
		t.Errorf("%T is read as %v, %v", v, back, err)
	}
}

func TestLogTimesAreSecondsBelowTenToTheEleventh(t *testing.T) {
	for in, want := range map[int64]int64{
		0: 0, 1604851200: 1604851200000, 99999999999: 99999999999000, 100000000000: 100000000000,
		1604851200123: 1604851200123, endOfTime - 1: endOfTime - 1, endOfTime: -1, -1: -1,
	} {
		got, err := Visit{LogTime: codecs.NotNull(in)}.millis()
		if (err == nil) != (want >= 0) || err == nil && (got.V != want || !got.Valid) {
			t.Errorf("%d is %v, %v; want %d", in, got, err, want)
		}
	}
	if got, err := (Visit{}).millis(); got.Valid || err != nil {
		t.Errorf("no log_time is %v, %v", got, err)
	}
}

// A table that was kept by log_time goes on by arrival, and the other way round.
func TestTheOrderCanBeChangedLater(t *testing.T) {
	timed := Visit{LogTime: codecs.NotNull[int64](1616673600), Page: codecs.NotNull("/timed")}
	older := Visit{LogTime: codecs.NotNull[int64](1616673500), Page: codecs.NotNull("/older")}
	var held *LastVisit
	for _, step := range []struct {
		order Order
		v     Visit
		want  string
	}{
		{ByLogTime, timed, "/timed"}, {ByLogTime, older, "/timed"}, {ByArrival, older, "/older"}, {ByLogTime, older, "/older"}, {ByLogTime, timed, "/timed"},
	} {
		next, err := Config{Order: step.order}.remember(stream.Record{}, held, step.v)
		if err != nil {
			t.Fatal(err)
		}
		if held = next; held.Page.Value.V != step.want {
			t.Errorf("after %s of %v: %v", step.order, step.v, held.Page)
		}
	}
}
