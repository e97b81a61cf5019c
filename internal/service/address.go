package service

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// withLoopback completes an address without a host.
func withLoopback(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("listen on %q: %w; host:port is needed, such as 127.0.0.1:8080", address, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// explain says what to do about an address that could not be bound.
func explain(address string, err error) error {
	advice := "choose another address, host:port"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		advice = "another process listens there: stop it, or choose another port"
	case errors.Is(err, syscall.EACCES):
		advice = "ports below 1024 need a privilege: choose a higher port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		advice = "this machine does not have that address: 127.0.0.1 is for this machine only, 0.0.0.0 for all interfaces"
	}
	return fmt.Errorf("listen on %s: %w; %s", address, err, advice)
}
