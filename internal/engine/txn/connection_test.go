package txn

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"
)

func TestAnAbandonedRoundTripEndsBeforeItsCallerGoesOn(t *testing.T) {
	conn, err := connect(deaf(t), sarama.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close()
	ctx, cancel := context.WithCancel(t.Context())
	var ended atomic.Bool
	_, err = roundTrip(ctx, conn, func(b *sarama.Broker) (*sarama.MetadataResponse, error) {
		defer ended.Store(true)
		cancel()
		return b.GetMetadata(&sarama.MetadataRequest{})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if !ended.Load() {
		t.Error("the request is still waiting for its answer")
	}
}

// stuckDialer is a proxy that ignores everything until it is released.
type stuckDialer chan struct{}

func (s stuckDialer) Dial(string, string) (net.Conn, error) {
	<-s
	return nil, errors.New("released")
}

func TestADialerThatDoesNotReturnEndsTheStart(t *testing.T) {
	stuck := make(stuckDialer)
	defer close(stuck)
	k := see(t, []string{deaf(t)})
	c := k.config()
	c.StepTimeout = short
	plain := c.Client
	c.Client = func() *sarama.Config {
		conf := plain()
		conf.Net.Proxy.Enable, conf.Net.Proxy.Dialer = true, stuck
		return conf
	}
	if _, err := New(k.ctx, c); !byWatchdog(err) {
		t.Fatalf("error is %v", err)
	}
}

func TestAConnectionThatComesTooLateIsClosed(t *testing.T) {
	ctx, cut := context.WithCancel(t.Context())
	cut()
	l := &line{ctx: ctx, through: proxyDialer{}}
	conn, err := l.Dial("tcp", deaf(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("reading returns %v", err)
	}
}

// proxyDialer takes no context.
type proxyDialer struct{}

func (proxyDialer) Dial(network, address string) (net.Conn, error) { return net.Dial(network, address) }
