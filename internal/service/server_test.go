package service

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func listen(t *testing.T, handler http.Handler) *Server {
	t.Helper()
	server, err := Listen("127.0.0.1:0", handler, nil)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// running runs a server and returns a function that stops it.
func running(t *testing.T, server *Server) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Part("http").Run(ctx) }()
	t.Cleanup(cancel)
	return func() error {
		cancel()
		return <-done
	}
}

func TestATakenPortIsAnErrorAtStartThatSaysWhatToDo(t *testing.T) {
	first := listen(t, nil)
	defer first.Close()
	_, err := Listen(first.Addr(), nil, nil)
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{first.Addr(), "another process listens there"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}

func TestAnAddressThatIsNoneIsExplained(t *testing.T) {
	for address, want := range map[string]string{
		"8080":           "host:port is needed",
		"192.0.2.1:8080": "this machine does not have that address",
		"127.0.0.1:x":    "choose another address",
	} {
		server, err := Listen(address, nil, nil)
		if err == nil {
			server.Close()
			t.Errorf("%s: no error", address)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAnAddressWithoutAHostIsThisMachineOnly(t *testing.T) {
	server, err := Listen(":0", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if host, _, _ := net.SplitHostPort(server.Addr()); host != "127.0.0.1" {
		t.Fatalf("listens on %s", server.Addr())
	}
}

func TestAStoppedServerAnswersWhatIsUnderWayAndThenGivesUpItsAddress(t *testing.T) {
	arrived := make(chan struct{})
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done() // ended by the stop
		_, _ = io.WriteString(w, "bye")
	}))
	stop := running(t, server)
	answered := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + server.Addr())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	<-arrived
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := <-answered; got != "bye" {
		t.Errorf("got %q", got)
	}
	again, err := Listen(server.Addr(), nil, nil)
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	again.Close()
}

func TestAReaderThatDoesNotReadCannotHoldAStop(t *testing.T) {
	arrived, ended := make(chan struct{}), make(chan struct{})
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		close(arrived)
		chunk := make([]byte, 1<<20)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	server.drain = 50 * time.Millisecond
	stop := running(t, server)
	conn, err := net.Dial("tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-arrived
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

func TestTooLargeAHeaderIsRefused(t *testing.T) {
	server := listen(t, http.NotFoundHandler())
	stop := running(t, server)
	defer stop()
	conn, err := net.Dial("tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nCookie: "+strings.Repeat("x", maxHeaderBytes+5000)+"\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Fatalf("got %s", response.Status)
	}
}

func TestAServerWhoseListenerFailsEndsItsPart(t *testing.T) {
	server := listen(t, nil)
	server.Close()
	err := Run(t.Context(), nil, server.Part("http"))
	if err == nil || !strings.Contains(err.Error(), "http: serve on "+server.Addr()) {
		t.Fatalf("got %v", err)
	}
}
