package stream

import (
	"encoding/binary"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/task"
)

// Number is a type that sums are made of, such as decimal.Decimal. Sub must take back exactly what Add added.
type Number[N any] interface {
	Add(N) N
	Sub(N) N
}

// Sum adds up what of returns of each record; false: null, which does not count. The sum of nothing is zero.
//
//	+5, +7, -5, null   7
func Sum[V, A any, N Number[N]](name string, into func(*A) *N, of func(V) (N, bool)) Measure[V, A] {
	return Measure[V, A]{name: name, what: "sum", apply: func(_ *task.Context, a *A, before, after *V) error {
		sum := into(a)
		if after != nil {
			if n, ok := of(*after); ok {
				*sum = (*sum).Add(n)
			}
		}
		if before != nil {
			if n, ok := of(*before); ok {
				*sum = (*sum).Sub(n)
			}
		}
		return nil
	}}
}

// SumInt adds up whole numbers, such as the counts of a table further up.
func SumInt[V, A any](name string, into func(*A) *int64, of func(V) int64) Measure[V, A] {
	return Measure[V, A]{name: name, what: "sum", apply: func(_ *task.Context, a *A, before, after *V) error {
		if after != nil {
			*into(a) += of(*after)
		}
		if before != nil {
			*into(a) -= of(*before)
		}
		return nil
	}}
}

// Count counts records.
func Count[V, A any](name string, into func(*A) *int64) Measure[V, A] {
	m := CountIf(name, into, func(V) bool { return true })
	m.what = "count"
	return m
}

// CountIf counts the records for which is is true.
func CountIf[V, A any](name string, into func(*A) *int64, is func(V) bool) Measure[V, A] {
	m := SumInt[V](name, into, func(v V) int64 {
		if is(v) {
			return 1
		}
		return 0
	})
	m.what = "count if"
	return m
}

// Min is the smallest of what of returns, by order; false: null, which does not count. Of nothing it is the
// zero value. Values are kept as sub-rows, so that the next one is there when the smallest is taken out.
func Min[V, A, N any](name string, into func(*A) *N, of func(V) (N, bool), order codecs.Ordered[N]) Measure[V, A] {
	return extreme("min", name, into, of, order, false)
}

// Max is the largest; see Min.
func Max[V, A, N any](name string, into func(*A) *N, of func(V) (N, bool), order codecs.Ordered[N]) Measure[V, A] {
	return extreme("max", name, into, of, order, true)
}

func extreme[V, A, N any](what, name string, into func(*A) *N, of func(V) (N, bool), order codecs.Ordered[N], largest bool) Measure[V, A] {
	return Measure[V, A]{name: name, what: what, stores: true, apply: func(c *task.Context, a *A, before, after *V) error {
		add, adds := member(after, of, order)
		drop, drops := member(before, of, order)
		if adds == drops && add == drop {
			return nil
		}
		held := string(order.Append(nil, *into(a)))
		some, err := c.Sub(name, held) // the extreme is among the values, or there are none
		if err != nil {
			return err
		}
		if adds {
			if _, err := count(c, name, add, +1); err != nil {
				return err
			}
			if some == nil || beyond(add, held, largest) {
				held = add
				if *into(a), err = order.Decode([]byte(add)); err != nil {
					return err
				}
			}
		}
		if !drops {
			return nil
		}
		left, err := count(c, name, drop, -1)
		if err != nil || left != 0 || drop != held {
			return err
		}
		*into(a), err = outermost(c, name, order, largest)
		return err
	}}
}

// beyond reports whether x lies further out than y.
func beyond(x, y string, largest bool) bool {
	if largest {
		return x > y
	}
	return x < y
}

// outermost finds the smallest or largest value that is left; of none it is the zero value.
func outermost[N any](c *task.Context, name string, order codecs.Ordered[N], largest bool) (n N, err error) {
	serr := c.ScanSubs(name, largest, func(sub string, _ []byte) bool {
		n, err = order.Decode([]byte(sub))
		return false
	})
	if serr != nil {
		return n, serr
	}
	return n, err
}

// CountDistinct counts the different values of of; false: null, which does not count. Each value is a
// sub-row with the number of records that have it. Of a key with very many values one partition holds them all:
// there group by key and value first, and count the rows of that; see the example of GroupBy.
func CountDistinct[V, A any](name string, into func(*A) *int64, of func(V) (string, bool)) Measure[V, A] {
	return Measure[V, A]{name: name, what: "count distinct", stores: true, apply: func(c *task.Context, a *A, before, after *V) error {
		add, adds := text(after, of)
		drop, drops := text(before, of)
		if adds == drops && add == drop {
			return nil
		}
		if adds {
			n, err := count(c, name, add, +1)
			if err != nil {
				return err
			}
			if n == 1 {
				*into(a)++
			}
		}
		if drops {
			n, err := count(c, name, drop, -1)
			if err != nil {
				return err
			}
			if n == 0 {
				*into(a)--
			}
		}
		return nil
	}}
}

func text[V any](v *V, of func(V) (string, bool)) (string, bool) {
	if v == nil {
		return "", false
	}
	return of(*v)
}

func member[V, N any](v *V, of func(V) (N, bool), order codecs.Ordered[N]) (string, bool) {
	if v == nil {
		return "", false
	}
	n, ok := of(*v)
	if !ok {
		return "", false
	}
	return string(order.Append(nil, n)), true
}

// count changes how often a value is in a multiset, and returns how often it is now. A value that was not in
// it is not taken out of it.
func count(c *task.Context, name, sub string, by int64) (int64, error) {
	b, err := c.Sub(name, sub)
	if err != nil {
		return 0, err
	}
	n, _ := binary.Uvarint(b)
	now := int64(n) + by
	if now < 0 {
		c.Task.Orphan()
		return -1, nil
	}
	if now == 0 {
		return 0, c.SetSub(name, sub, nil)
	}
	return now, c.SetSub(name, sub, binary.AppendUvarint(nil, uint64(now)))
}
