package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// payments is a stream of payments of random users: the same for the same numbers.
type payments struct {
	keys      int
	scattered bool // each user pays once before the random payments begin
	rand      *rand.Rand
	next      int
}

func newPayments(keys int) *payments {
	return &payments{keys: keys, rand: rand.New(rand.NewPCG(1, 2))}
}

// newScattered makes payments that reach every user soon.
func newScattered(keys int) *payments {
	p := newPayments(keys)
	p.scattered = true
	return p
}

// stride is a prime, so that its multiples visit all users, in no order that a store could use.
const stride = 7_368_787

// payment is one record: who paid, how much, and which payment of all it is.
type payment struct {
	user   int
	amount int64
	number int
}

func (p *payments) take() payment {
	i := p.next
	p.next++
	if p.scattered && i < p.keys {
		return payment{user: i * stride % p.keys, amount: int64(1 + i*7919%1000), number: i}
	}
	return payment{user: p.rand.IntN(p.keys), amount: int64(1 + i*7919%1000), number: i}
}

// note makes a record about 200 bytes long.
const note = `,"channel":"webShop","note":"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz 0123456789 0123456789 01234567"}`

// paymentRoom is more than any payment's JSON needs.
const paymentRoom = 256

func userKey(user int) []byte { return padded(append(make([]byte, 0, 8), 'u'), user, 7) }

func (p payment) append(b, key []byte) []byte {
	b = append(b, `{"user_id":"`...)
	b = append(b, key...)
	b = append(b, `","order_id":"o`...)
	b = padded(b, p.number, 10)
	b = append(b, `","amount":`...)
	b = strconv.AppendInt(b, p.amount, 10)
	return append(b, note...)
}

// padded appends n, which is not negative, with at least digits digits.
func padded(b []byte, n, digits int) []byte {
	for limit := 10; digits > 1; digits-- {
		if n < limit {
			const zeros = "00000000000000000000"
			b = append(b, zeros[:digits-1]...)
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// producePayments writes n more payments to a topic, keyed by user.
func (b *bench) producePayments(ctx context.Context, topic string, p *payments, n int) error {
	out, err := newProducer(b.kafka.address, 5*time.Millisecond)
	if err != nil {
		return err
	}
	var memory slab
	for range n {
		pay := p.take()
		key := userKey(pay.user)
		out.send(ctx, topic, partitionOf(key), key, memory.take(pay.append(memory.room(paymentRoom), key)))
	}
	return out.close(ctx)
}

// totals are what the outputs of count-and-sum must come to.
type totals struct {
	records int
	counts  []int32
	sums    []int64
}

// recount is independent of all contestants: it adds up what was generated.
func recount(keys, n int) *totals { return recountOf(newPayments(keys), n) }

// recountOf uses up n payments.
func recountOf(p *payments, n int) *totals {
	t := &totals{records: n, counts: make([]int32, p.keys), sums: make([]int64, p.keys)}
	for range n {
		pay := p.take()
		t.counts[pay.user]++
		t.sums[pay.user] += pay.amount
	}
	return t
}

// checkTotals reads what a contestant wrote: each user's counts must run 1, 2, 3, ... in order, and the last sums be
// those of the recount. Anything lost, doubled or swapped shows.
func (t *topics) checkTotals(ctx context.Context, topic string, want *totals) error {
	got := &totals{counts: make([]int32, len(want.counts)), sums: make([]int64, len(want.sums))}
	err := t.readCommitted(ctx, topic, func(r *kgo.Record) error { return got.add(r.Key, r.Value) })
	if err != nil {
		return fmt.Errorf("topic %s: %w", topic, err)
	}
	if err := got.compare(want); err != nil {
		return fmt.Errorf("topic %s: %w", topic, err)
	}
	return nil
}

func (t *totals) add(key, value []byte) error {
	user, err := strconv.Atoi(string(bytes.TrimPrefix(key, []byte("u"))))
	if err != nil || user < 0 || user >= len(t.counts) {
		return fmt.Errorf("key %q is no user", key)
	}
	n, s, ok := parseTotal(value)
	if !ok {
		return fmt.Errorf("user %d: %q is no total", user, value)
	}
	if n != int64(t.counts[user])+1 {
		return fmt.Errorf("user %d: count %d follows %d", user, n, t.counts[user])
	}
	t.records++
	t.counts[user]++
	t.sums[user] = s
	return nil
}

// parseTotal reads {"n":1,"s":2}.
func parseTotal(b []byte) (n, s int64, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(`{"n":`))
	count, sum, both := bytes.Cut(b, []byte(`,"s":`))
	sum, end := bytes.CutSuffix(sum, []byte(`}`))
	n, err := strconv.ParseInt(string(count), 10, 64)
	s, err2 := strconv.ParseInt(string(sum), 10, 64)
	return n, s, ok && both && end && err == nil && err2 == nil
}

func (t *totals) compare(want *totals) error {
	if t.records != want.records {
		return fmt.Errorf("%d outputs for %d records", t.records, want.records)
	}
	for user := range want.counts {
		if t.counts[user] != want.counts[user] || t.sums[user] != want.sums[user] {
			return fmt.Errorf("user %d: count %d and sum %d, the recount says %d and %d", user, t.counts[user], t.sums[user], want.counts[user], want.sums[user])
		}
	}
	return nil
}
