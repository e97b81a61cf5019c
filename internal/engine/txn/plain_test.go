package txn

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

func TestWithoutTransactionsTheSameIsWritten(t *testing.T) {
	k, c := fake(t)
	asked := c.Fault(kfake.Fault{Observe: true, Count: -1, TxnID: id})
	w := k.writer(func(c *Config) { c.WithoutTransactions = true })
	first := sale("first", 17)
	k.commit(w, first)
	second := sale("second", 18)
	k.commit(w, second)
	k.expect(table, "first row", "second row")
	k.expect(output, "first coupon", "second coupon")
	k.expectOffset(input, 18, "watermark of second")
	if a, b := first.Batches[0].Last, second.Batches[0].Last; b != a+1 {
		t.Errorf("the records lie at offsets %d and %d: there is a marker between them", a, b)
	}
	if n := asked.Hits(); n != 0 {
		t.Errorf("%d requests name a transactional id", n)
	}
}
