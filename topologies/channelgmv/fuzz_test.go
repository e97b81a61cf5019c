package channelgmv

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/tables"
)

// A record of the input is refused, or is an order whose keys can be taken apart, and which is read back as it was
// stored.
func FuzzOrder(f *testing.F) {
	stored := codecs.Compact[Order](1)
	for _, text := range []string{
		`{"order_id":"1","order_channel":"webShop","order_time":"2021-03-24 10:00:00","pay_amount":"100.00","real_pay":"100.00","pay_time":"2021-03-24 10:02:03","user_id":"0001"}`,
		`{"order_id":2,"real_pay":1e3,"pay_time":"2021-03-24 10:02:03","user_id":"a|b"}`,
		`{"order_id":"3","real_pay":0.1,"pay_time":"2021-3-4 1:2:3","order_time":"yesterday"}`,
		`{"order_id":"4"}`, `[]`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := OrderDetails.Decode(b)
		if err != nil || !d.paid() {
			return
		}
		if _, err := d.paidAt(time.UTC); err != nil {
			return
		}
		o, err := newOrder(d)
		if err != nil {
			t.Fatalf("%q has a time of payment and is refused: %v", b, err)
		}
		if _, err := o.key(); err != nil {
			return
		}
		payer, err := o.payer()
		if err != nil {
			t.Fatal(err)
		}
		parts, err := tables.SplitKey(payer)
		if err != nil || parts[0].V != o.beginTime() || parts[1].V != o.Channel || parts[2] != tables.Part(o.User) {
			t.Errorf("%q: the key of the payer %q is %v (%v)", b, payer, parts, err)
		}
		once, err := stored.Encode(nil, o)
		if err != nil {
			return // too large for a row
		}
		back, err := stored.Decode(once)
		twice, _ := stored.Encode(nil, back)
		if back.RealPay, o.RealPay = (codecs.Decimal{}), (codecs.Decimal{}); err != nil || !bytes.Equal(once, twice) || !reflect.DeepEqual(back, o) {
			t.Errorf("%q: %+v is stored as %+v (%v)", b, o, back, err)
		}
	})
}
