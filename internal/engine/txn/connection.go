package txn

import (
	"context"
	"net"
	"time"

	"github.com/IBM/sarama"
)

// grace is how long a round trip may take to notice that its connection was
// cut. Only computing is left to it then, so it needs a fraction of this.
const grace = time.Second

// connection is one connection to one broker, used by one request at a time
// and thrown away after its first failure.
//
// sarama.Broker holds its lock for a whole round trip, also while it dials,
// and its Close waits for that lock: nothing of sarama's can end a round trip
// that hangs. So the connection is dialled through a line of ours, and cutting
// the line ends every read, write and dial below sarama at once.
type connection struct {
	broker *sarama.Broker
	cut    context.CancelFunc
}

// connect starts to dial; the first request waits for the result.
func connect(address string, conf *sarama.Config) (*connection, error) {
	ctx, cut := context.WithCancel(context.Background())
	conf.Net.Proxy.Dialer = &line{ctx: ctx, through: dialerOf(conf)}
	conf.Net.Proxy.Enable = true
	broker := sarama.NewBroker(address)
	if err := broker.Open(conf); err != nil {
		cut()
		return nil, err
	}
	return &connection{broker: broker, cut: cut}, nil
}

// roundTrip sends one request and waits for its answer until ctx ends.
//
// The round trip has a goroutine of its own, because sarama takes no context.
// When ctx ends, the line is cut and the goroutine ends with the error of a
// closed connection, normally before roundTrip returns. It outlives it in two
// cases, both bounded: a token provider or proxy dialer of the user's that
// does not return, and a throttled connection (sarama sleeps for the time that
// the broker asked for). In neither it reads the request again: its connection
// is gone, or the request was encoded before. At most one can be left behind
// per attempt, and a step has few attempts that end like this before it fails
// and the writer with it.
func roundTrip[A any](ctx context.Context, c *connection, send func(*sarama.Broker) (A, error)) (A, error) {
	type outcome struct {
		answer A
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		answer, err := send(c.broker)
		done <- outcome{answer, err}
	}()

	select {
	case o := <-done:
		return o.answer, o.err
	case <-ctx.Done():
	}
	c.cut()
	select {
	case o := <-done:
		if o.err == nil {
			return o.answer, nil // it came at the last moment
		}
	case <-time.After(grace):
	}
	var none A
	return none, context.Cause(ctx)
}

// close cuts the connection and lets sarama release what belongs to it. It
// waits only for round trips, which the cut ends.
func (c *connection) close() {
	c.cut()
	_ = c.broker.Close() // says that it was closed or never open
}

// dialer is golang.org/x/net/proxy.Dialer.
type dialer interface {
	Dial(network, address string) (net.Conn, error)
}

// contextDialer is golang.org/x/net/proxy.ContextDialer.
type contextDialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// dialerOf is the dialer that sarama would use.
func dialerOf(conf *sarama.Config) dialer {
	if conf.Net.Proxy.Enable {
		return conf.Net.Proxy.Dialer
	}
	return &net.Dialer{
		Timeout:   conf.Net.DialTimeout,
		KeepAlive: conf.Net.KeepAlive,
		LocalAddr: conf.Net.LocalAddr,
	}
}

// line dials connections that are closed, whoever uses them, when ctx ends.
type line struct {
	ctx     context.Context
	through dialer
}

func (l *line) Dial(network, address string) (net.Conn, error) {
	conn, err := l.dial(network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(l.ctx, func() { _ = conn.Close() }) // at once if cut meanwhile
	return conn, nil
}

func (l *line) dial(network, address string) (net.Conn, error) {
	if d, ok := l.through.(contextDialer); ok {
		return d.DialContext(l.ctx, network, address)
	}
	return l.through.Dial(network, address)
}
