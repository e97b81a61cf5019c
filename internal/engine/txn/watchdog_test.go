package txn

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// hang lets the brokers take requests of the key and never answer, until the
// function it returns is called. The channel is closed by the first request.
func hang(c *kfake.Cluster, key kmsg.Key) (asked chan struct{}, heal func()) {
	var first sync.Once
	var healed atomic.Bool
	asked = make(chan struct{})
	c.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
		if healed.Load() {
			return nil, nil, false
		}
		c.KeepControl()
		first.Do(func() { close(asked) })
		return nil, nil, true
	})
	return asked, func() { healed.Store(true) }
}

const short = 300 * time.Millisecond

// hurry makes the watchdog impatient once the writer has started.
func (w *Writer) hurry() {
	w.config.StepTimeout, w.cluster.patience = short, short/6
}

func byWatchdog(err error) bool {
	_, yes := errors.AsType[stepTimeout](err)
	return yes
}

func TestABrokerThatHangsEndsTheStep(t *testing.T) {
	for _, key := range append([]kmsg.Key{kmsg.Produce}, controlKeys...) {
		t.Run(key.Name(), func(t *testing.T) {
			k, c := fake(t)
			w := k.writer()
			w.hurry()
			_, heal := hang(c, key)
			if err := w.Commit(k.ctx, sale("lost", 1)); !byWatchdog(err) {
				t.Fatalf("error is %v", err)
			}
			heal()
			k.writer() // decides what was left open
			k.expect(table)
			k.expectNoOffset()
		})
	}
}

func TestAHangOfOneAnswerIsSurvived(t *testing.T) {
	for _, key := range append([]kmsg.Key{kmsg.Produce}, controlKeys...) {
		t.Run(key.Name(), func(t *testing.T) {
			k, c := fake(t)
			w := k.writer(func(c *Config) { c.StepTimeout = 3 * time.Second })
			expectThreeSales(k, w, func() {
				c.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
					return nil, nil, true // once
				})
			})
		})
	}
}

func TestABrokerThatNeverAnswersEndsTheStart(t *testing.T) {
	k := see(t, []string{deaf(t)})
	c := k.config()
	c.StepTimeout = short
	if _, err := New(k.ctx, c); !byWatchdog(err) {
		t.Fatalf("error is %v", err)
	}
}

func TestCancellingEndsTheStart(t *testing.T) {
	k := see(t, []string{deaf(t)})
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if _, err := New(ctx, k.config()); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
}

// deaf listens and never answers.
func deaf(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// patient is for tests in which the watchdog must not be what ends the step.
func patient(c *Config) { c.StepTimeout = time.Hour }

func TestCloseEndsACommitThatHangs(t *testing.T) {
	for _, key := range append([]kmsg.Key{kmsg.Produce}, controlKeys...) {
		t.Run(key.Name(), func(t *testing.T) {
			k, c := fake(t)
			w := k.writer(patient)
			asked, _ := hang(c, key)
			failed := make(chan error, 1)
			go func() { failed <- w.Commit(k.ctx, sale("lost", 1)) }()
			<-asked
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if err := <-failed; !errors.Is(err, errClosed) {
				t.Errorf("error is %v", err)
			}
			if err := w.Commit(k.ctx, sale("never", 1)); !errors.Is(err, errClosed) {
				t.Errorf("error after close is %v", err)
			}
		})
	}
}

func TestCancellingEndsACommitThatHangs(t *testing.T) {
	k, c := fake(t)
	w := k.writer(patient)
	asked, heal := hang(c, kmsg.Produce)
	ctx, cancel := context.WithCancel(k.ctx)
	failed := make(chan error, 1)
	go func() { failed <- w.Commit(ctx, sale("lost", 1)) }()
	<-asked
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	heal()
	k.expect(table) // aborted, or reading would wait for transaction.timeout.ms
}
