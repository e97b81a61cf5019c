package premiumdrop

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/tributary-go/tributary/codecs"
)

// What is stored at users' must be read by tomorrow's program.
func TestStoredRowsAreTheseBytes(t *testing.T) {
	text, n := codecs.NotNull("x"), codecs.NotNull[int64](7)
	stored(t, codecs.Compact[Trace](1), Trace{n, "1.5", text}, "01a301070263312e35036178")
	stored(t, codecs.Compact[RawRecord](1), RawRecord{n, text, text, n}, "01a401070261780361780407")
	stored(t, codecs.Compact[RawRecord](1), RawRecord{ID: n}, "01a10107")
	stored(t, codecs.Compact[Known](1), Known{text, text, 7}, "01a30161780261780307")
	stored(t, codecs.Compact[Known](1), Known{}, "01a0")
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
