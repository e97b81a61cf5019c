package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/internal/service"
)

func serve(t *testing.T, status int, text string) (port string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked was %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestAProgramThatIsReadySaysSo(t *testing.T) {
	if got, err := ask("127.0.0.1:" + serve(t, 200, "{}\n")); err != nil || got != "{}" {
		t.Errorf("answered is %q: %v", got, err)
	}
}

func TestAProgramThatWaitsSaysForWhat(t *testing.T) {
	_, err := ask("127.0.0.1:" + serve(t, 503, `{"reason":"recovering"}`))
	if err == nil || !strings.Contains(err.Error(), "recovering") {
		t.Errorf("the error is %v", err)
	}
}

func TestAProgramThatIsNotThereIsNotReady(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := ask(l.Addr().String()); err == nil {
		t.Error("nobody listens, and is ready")
	}
}

func TestTheAddressIsTheOneThatTheProgramWasTold(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:8080": "localhost:8080", "[::]:8080": "localhost:8080", ":8080": "localhost:8080", "10.0.0.1:80": "10.0.0.1:80", "localhost:1": "localhost:1",
	} {
		if got, err := reachable(listen); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", listen, got, err, want)
		}
	}
	if _, err := reachable("8080"); err == nil {
		t.Error("a port alone is an address")
	}
}

// What is asked is what the programs answer.
func TestReadinessIsThatOfTheService(t *testing.T) {
	s := httptest.NewServer(service.NewHealth().Wrap(nil))
	defer s.Close()
	if _, err := ask(s.Listener.Addr().String()); err != nil {
		t.Error(err)
	}
}
