// Command ready asks the program beside it whether it is ready: the health check of our images, which hold no shell.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/config"
)

// patience bounds the question. It is less than what a health check is given.
const patience = 2 * time.Second

// program has the flag, and so the variable, by which the others are told where to listen.
type program struct {
	Listen string `help:"Address that the program listens on." default:"127.0.0.1:8080"`
}

func main() {
	var p program
	kong.Parse(&p, config.Options("ready", "Asks the program that listens on an address whether it is ready. Exit code 0: yes.")...)
	answer, err := ask(p.Listen)
	if err != nil {
		fmt.Fprintf(os.Stderr, "ready: %v\n", err)
		os.Exit(1)
	}
	fmt.Println(answer)
}

// ask returns what /readyz says. It is an error if that is not 200.
func ask(listen string) (string, error) {
	address, err := reachable(listen)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: patience}
	r, err := client.Get("http://" + address + "/readyz")
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read what %s answers: %w", address, err)
	}
	answer := strings.TrimSpace(string(text))
	if r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s: %s", address, r.Status, answer)
	}
	return answer, nil
}

// reachable is the address to ask of a program that listens on this one: all interfaces are no destination.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("--listen %q: %w; host:port is needed, such as 127.0.0.1:8080", listen, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}
