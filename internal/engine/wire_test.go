package engine_test

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tributary-go/tributary/integration/brokers"
)

// fate is what happens to a request on its way.
type fate int

const (
	passes   fate = iota
	vanishes      // neither it nor anything that comes after it on the connection is answered: the broker takes it and is silent
	unheard       // it is carried out, and the connection breaks before the answer
	ignored       // it is carried out, and nothing on the connection is answered any more
)

// request is what a fate is decided by. frame is all of it but its length.
type request struct {
	key    kmsg.Key
	frame  []byte
	client string
}

// wire is the network between clients and the brokers of a cluster in this process. It looks at each request, but
// those of the test's own client.
type wire struct {
	mu     sync.Mutex
	decide func(request) fate // nil: all pass
}

// wired starts three brokers behind a wire.
func wired(t *testing.T) (brokers.Cluster, *kfake.Cluster, *wire) {
	t.Helper()
	w := &wire{}
	k, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.GroupMinSessionTimeout(time.Second), kfake.DefaultNumPartitions(4),
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "86400000"}),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			return listener{l, w}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return brokers.At(k.ListenAddrs()...), k, w
}

// rule decides about requests from now on. It is called for one at a time.
func (w *wire) rule(decide func(request) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide = decide
}

// heal lets everything pass from now on; what is silent stays silent.
func (w *wire) heal() { w.rule(nil) }

func (w *wire) fateOf(r request) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.decide == nil || r.client == "kgo" { // the name that the test's own client has
		return passes
	}
	return w.decide(r)
}

// listener taps what it accepts.
type listener struct {
	net.Listener
	wire *wire
}

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tap{Conn: conn, wire: l.wire, lost: map[uint32]bool{}}, nil
}

// tap is a broker's end of a connection. The broker reads requests from it and writes answers to it.
type tap struct {
	net.Conn
	wire *wire

	ready []byte // of a request that passed; the reader's

	mu     sync.Mutex
	silent bool
	lost   map[uint32]bool // correlation ids of answers that don't come, and break the connection
	out    []byte          // of an answer that is not whole yet
}

// Read implements net.Conn.
func (t *tap) Read(p []byte) (int, error) {
	for len(t.ready) == 0 {
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.ready)
	t.ready = t.ready[n:]
	return n, nil
}

// next reads a request. One that vanishes leaves nothing to read.
func (t *tap) next() error {
	size := make([]byte, 4)
	if _, err := io.ReadFull(t.Conn, size); err != nil {
		return err
	}
	frame := make([]byte, binary.BigEndian.Uint32(size))
	if _, err := io.ReadFull(t.Conn, frame); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.silent {
		return nil
	}
	switch t.wire.fateOf(parse(frame)) {
	case vanishes:
		t.silent = true
		return nil
	case ignored:
		t.silent = true
	case unheard:
		t.lost[binary.BigEndian.Uint32(frame[4:])] = true
	}
	t.ready = append(size, frame...)
	return nil
}

// parse reads the head that all requests have: key, version, correlation id, and the client's name.
func parse(frame []byte) request {
	n := binary.BigEndian.Uint16(frame[8:])
	return request{key: kmsg.Key(binary.BigEndian.Uint16(frame)), frame: frame, client: string(frame[10 : 10+n])}
}

// Write implements net.Conn.
func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.silent {
		return len(p), nil
	}
	t.out = append(t.out, p...)
	for len(t.out) >= 8 && len(t.out) >= 4+int(binary.BigEndian.Uint32(t.out)) {
		answer := t.out[:4+binary.BigEndian.Uint32(t.out)]
		t.out = t.out[len(answer):]
		if t.lost[binary.BigEndian.Uint32(answer[4:])] {
			return 0, t.Conn.Close()
		}
		if _, err := t.Conn.Write(answer); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
