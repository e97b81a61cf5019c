package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// secureBroker speaks TLS and SASL.
func secureBroker(t *testing.T, options ...kfake.Opt) Connection {
	t.Helper()
	cluster, err := kfake.NewCluster(append(options, kfake.NumBrokers(1), kfake.SeedTopics(2, "orders"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return Connection{Brokers: cluster.ListenAddrs()}
}

func TestSASLMechanismsAreAccepted(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		c := secureBroker(t, kfake.EnableSASL(), kfake.Superuser(mechanism, "orders", secret))
		c.SASL = SASL{Mechanism: mechanism, User: "orders", Password: secret}
		a, err := Open(t.Context(), c)
		if err != nil {
			t.Errorf("%s: %v", mechanism, err)
			continue
		}
		if n, err := a.Partitions(t.Context(), "orders"); n != 2 || err != nil {
			t.Errorf("%s: topic orders has %d partitions (%v)", mechanism, n, err)
		}
		a.Close()
	}
}

func TestAWrongPasswordIsSaidToBeOne(t *testing.T) {
	c := secureBroker(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "orders", "another"))
	c.SASL = SASL{Mechanism: "SCRAM-SHA-256", User: "orders", Password: secret}
	_, err := Open(t.Context(), c)
	wantError(t, err, c.Brokers[0], "SCRAM-SHA-256 as orders")
	t.Log(err)
}

func TestTLSChecksTheBrokersCertificate(t *testing.T) {
	cert, ca := certificate(t)
	c := secureBroker(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}))
	c.TLS = TLS{Enable: true, CAFile: file(t, ca)}
	a, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()

	c.TLS.ServerName = "kafka.example"
	if _, err := Open(t.Context(), c); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a certificate of another name was accepted, or the error is odd: %v", err)
	}
	c.TLS = TLS{Enable: true}
	_, err = Open(t.Context(), c)
	wantError(t, err, "certificate")
}

// certificate is a self-signed one for 127.0.0.1.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(ca)
}

func TestACancelledContextEndsTheFirstContact(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Open(ctx, Connection{Brokers: []string{silent.Addr().String()}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
