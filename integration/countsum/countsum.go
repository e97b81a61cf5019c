// Package countsum counts and sums payments per user: the smallest topology with state, on which guarantees
// are proven and costs are measured.
package countsum

import (
	"encoding/binary"
	"errors"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// User is the key of everything.
type User string

// Payment is an input record.
type Payment struct {
	User   string `json:"user_id"`
	Order  string `json:"order_id"`
	Amount int64  `json:"amount"`
}

// Total is the row of a user, and what each payment makes known.
type Total struct {
	Count int64 `json:"n"`
	Sum   int64 `json:"s"`
}

// Topology reads topic in, which must be keyed by user, and writes each new total to topic out. name is the
// prefix of its table.
func Topology(name, in, out string) (*stream.Topology, error) {
	payments := stream.NewTopic[User](in, payments, nil, stream.Partitioned())
	results := stream.NewTopic[User](out, codecs.JSON[Total](), nil, stream.Events(0))
	totals := tables.New[User](name+"-totals", codecs.Codec[Total](totalCodec{}))

	t := stream.New(name)
	p := stream.NewProcessor(t, totals)
	stream.On(p, stream.From(t, payments), add).To(results)
	return t.Build()
}

func add(c *stream.Context[User, Total], p Payment) ([]Total, error) {
	if c.Row == nil {
		c.Row = new(Total)
	}
	c.Row.Count++
	c.Row.Sum += p.Amount
	return []Total{*c.Row}, nil
}

type parsed struct {
	User, Order codecs.Text
	Amount      codecs.Bigint
}

var object = codecs.Object(
	codecs.TextField("user_id", func(p *parsed) *codecs.Text { return &p.User }),
	codecs.TextField("order_id", func(p *parsed) *codecs.Text { return &p.Order }),
	codecs.BigintField("amount", func(p *parsed) *codecs.Bigint { return &p.Amount }),
)

// payments reads the JSON of Payment.
var payments = codecs.Codec[Payment](paymentCodec{})

type paymentCodec struct{}

func (paymentCodec) Encode(dst []byte, p Payment) ([]byte, error) {
	return object.Encode(dst, parsed{codecs.NotNull(p.User), codecs.NotNull(p.Order), codecs.NotNull(p.Amount)})
}

func (paymentCodec) Decode(b []byte) (Payment, error) {
	p, err := object.Decode(b)
	if err == nil && !p.Amount.Valid {
		err = errors.New("amount is missing")
	}
	return Payment{p.User.V, p.Order.V, p.Amount.V}, err
}

func (paymentCodec) Fallbacks() int64 { return object.Fallbacks() }

// totalCodec writes two varints.
type totalCodec struct{}

func (totalCodec) Encode(dst []byte, t Total) ([]byte, error) {
	return binary.AppendVarint(binary.AppendVarint(dst, t.Count), t.Sum), nil
}

func (totalCodec) Bound(Total) int { return 2 * binary.MaxVarintLen64 }

func (totalCodec) Decode(b []byte) (t Total, err error) {
	var n, m int
	t.Count, n = binary.Varint(b)
	if n > 0 {
		t.Sum, m = binary.Varint(b[n:])
	}
	if n <= 0 || m <= 0 || n+m != len(b) {
		return t, errors.New("no total")
	}
	return t, nil
}
