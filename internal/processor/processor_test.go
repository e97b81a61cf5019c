package processor_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/processor"
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
)

// mute is a broker that takes connections and answers nothing: a start waits for it. asked is closed when the first
// one is there.
func mute(t *testing.T) (address string, asked <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	first := make(chan struct{})
	go func() {
		for begun := false; ; begun = true {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			if !begun {
				close(first)
			}
		}
	}()
	return ln.Addr().String(), first
}

func copies(t *testing.T) *task.Topology {
	t.Helper()
	top := stream.New("copies")
	in := stream.NewTopic[stream.Unkeyed]("in", codecs.JSON[string](), nil)
	stream.From(top, in).To(stream.NewTopic[stream.Unkeyed]("out", codecs.JSON[string](), nil))
	built, err := top.Build()
	if err != nil {
		t.Fatal(err)
	}
	return built.Plan()
}

func flags(t *testing.T, address string) processor.Flags {
	return processor.Flags{
		Kafka:  config.Kafka{Brokers: []string{address}},
		Engine: config.Engine{Instance: "a", StateDir: t.TempDir()},
	}
}

func TestASignalBeforeTheStartIsNoError(t *testing.T) {
	address, asked := mute(t)
	done := make(chan error, 1)
	go func() {
		done <- processor.Run(context.Background(), flags(t, address), copies(t), slog.New(slog.DiscardHandler))
	}()
	<-asked // by then signals are handled
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("SIGTERM while looking at the cluster: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("SIGTERM did not end it")
	}
}

func TestAStartThatFailsByItselfIsAnError(t *testing.T) {
	f := flags(t, "127.0.0.1:1")
	f.TLS, f.TLSCA = true, "no such file"
	err := processor.Run(context.Background(), f, copies(t), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v", err)
	}
}

func TestAProcessorCollectsGarbageHalfAsOftenAsGoDoes(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	address, _ := mute(t)
	if err := processor.Run(ctx, flags(t, address), copies(t), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if percent := debug.SetGCPercent(100); percent != 200 {
		t.Errorf("the collector is set to %d", percent)
	}
}
