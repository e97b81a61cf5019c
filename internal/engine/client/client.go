// Package client connects to Kafka: one place for addresses, TLS, SASL and the settings that must not be left at
// their defaults, and for the administrative work of a start.
//
// File map: config.go builds sarama configurations, check.go finds mistakes in the settings, admin.go holds the open
// connection, topics.go creates and compares topics, visible.go finds the last record a reader can see.
package client

import (
	"fmt"
	"strings"
	"time"
)

// Connection says how to reach a Kafka cluster. It holds no open connection and may be copied.
type Connection struct {
	// Brokers are bootstrap addresses, host:port. One that answers is enough; the others are learnt from it.
	Brokers []string
	// ClientID is what brokers show in their logs, metrics and quotas. Empty: "tributary".
	ClientID string
	// TLS encrypts the connection. The zero value speaks plain text.
	TLS TLS
	// SASL authenticates the client. The zero value does not authenticate.
	SASL SASL
	// Timeout is how long a broker may take for an answer until the connection is given up and it, or another one, is
	// asked again. 0: 30 s. A member of a consumer group has five sixths of it to come back in a rebalance.
	Timeout time.Duration
}

const defaultTimeout = 30 * time.Second

// String names the brokers and the way they are reached. It never shows a password.
func (c Connection) String() string {
	parts := []string{strings.Join(c.Brokers, ",")}
	if c.TLS.Enable {
		parts = append(parts, "TLS")
	}
	if c.SASL.Mechanism != "" {
		parts = append(parts, "SASL "+c.SASL.String())
	}
	return strings.Join(parts, " ")
}

// GoString keeps the password out of %#v too.
func (c Connection) GoString() string { return fmt.Sprintf("client.Connection{%s}", c) }

// bootstrap is the list of brokers as Kafka's command line tools want it.
func (c Connection) bootstrap() string { return strings.Join(c.Brokers, ",") }
