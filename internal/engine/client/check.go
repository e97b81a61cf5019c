package client

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Check finds every mistake in the settings, without connecting. Files are read. The result joins all of them.
func (c Connection) Check() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("no broker address: name at least one host:port"))
	}
	for _, b := range c.Brokers {
		if err := checkAddress(b); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, c.TLS.check(), c.SASL.check())
	return errors.Join(errs...)
}

func checkAddress(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return fmt.Errorf("broker address %q is not host:port", addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("broker address %q: the port must be a number from 1 to 65535", addr)
	}
	return nil
}
