package codecs

import (
	"math"
	"strings"
	"testing"
)

type total struct {
	Channel string  `json:"channel_name"`
	GMV     Decimal `json:"cur_gmv"`
	Users   Bigint  `json:"users,omitzero"`
	Last    Text    `json:"last_pay_time"`
}

func TestJSONLeavesHTMLAloneAndEndsWithoutANewline(t *testing.T) {
	got := string(mustEncode(t, JSON[total](), total{Channel: "<A&B>", Last: NotNull("<é>")}))
	if want := `{"channel_name":"<A&B>","cur_gmv":null,"last_pay_time":"<é>"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJSONWritesAmountsAsExactNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"12.50": "12.5", "1e3": "1000", "-0.01": "-0.01", "123456789012345678901234567890.12": "123456789012345678901234567890.12",
	} {
		got := string(mustEncode(t, JSON[Decimal](), NotNull(amount(t, text))))
		if got != want {
			t.Errorf("%s was written as %s, want %s", text, got, want)
		}
		back, err := JSON[Decimal]().Decode([]byte(got))
		if err != nil || !back.Valid || !back.V.Equal(amount(t, text)) {
			t.Errorf("%s was read back as %v, %v", got, back, err)
		}
	}
}

func TestJSONReadsBackWhatItWrites(t *testing.T) {
	for _, v := range []total{
		{},
		{Channel: "x", GMV: NotNull(amount(t, "1.5")), Users: NotNull[int64](0), Last: NotNull("")},
	} {
		b := mustEncode(t, JSON[total](), v)
		got, err := JSON[total]().Decode(b)
		if err != nil || got.Channel != v.Channel || got.Users != v.Users || got.Last != v.Last ||
			got.GMV.Valid != v.GMV.Valid || !got.GMV.V.Equal(v.GMV.V) {
			t.Errorf("%+v became %s became %+v, %v", v, b, got, err)
		}
	}
}

func TestJSONRefusesWhatIsNotExactlyOneValue(t *testing.T) {
	for _, b := range []string{"", " ", `{} {}`, `{}x`, `{"users":"7"}`, "{\"channel_name\":\"\xff\"}", `{"cur_gmv":"1e999999999"}`} {
		if v, err := JSON[total]().Decode([]byte(b)); err == nil || v != (total{}) {
			t.Errorf("%q was read as %+v, %v", b, v, err)
		}
	}
}

func TestAFailedEncodeReturnsWhatItWasGiven(t *testing.T) {
	head := []byte("head")
	got, err := JSON[float64]().Encode(head, math.NaN())
	if err == nil || string(got) != "head" {
		t.Errorf("JSON: %q, %v", got, err)
	}
	huge := NotNull(amount(t, "1").Shift(20000))
	if got, err := JSON[Decimal]().Encode(head, huge); err == nil || string(got) != "head" {
		t.Errorf("JSON of a huge decimal: %d bytes, %v", len(got), err)
	}
	if got, err := Compact[Decimal](1).Encode(head, huge); err == nil || string(got) != "head" {
		t.Errorf("Compact: %q, %v", got, err)
	}
	got, err = orders.Encode(head, order{ID: NotNull("\xff")})
	if err == nil || string(got) != "head" || !strings.Contains(err.Error(), "order_id") {
		t.Errorf("Object: %q, %v", got, err)
	}
	got, err = orders.Encode(head, order{Paid: NotNull(amount(t, "1e15"))})
	if err == nil || string(got) != "head" || !strings.Contains(err.Error(), "real_pay") {
		t.Errorf("Object: %q, %v", got, err)
	}
}
