package txn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// secure starts a broker that wants TLS and a password, and returns the
// configuration of a client that has both.
func secure(t *testing.T) (c *kfake.Cluster, client func() *sarama.Config) {
	certified := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	t.Cleanup(certified.Close)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, table.Topic),
		kfake.TLS(&tls.Config{Certificates: certified.TLS.Certificates}),
		kfake.EnableSASL(), kfake.Superuser("PLAIN", "orders", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	return c, func() *sarama.Config {
		conf := sarama.NewConfig()
		conf.Net.TLS.Enable, conf.Net.TLS.Config = true, &tls.Config{RootCAs: roots}
		conf.Net.SASL.Enable, conf.Net.SASL.User, conf.Net.SASL.Password = true, "orders", "secret"
		return conf
	}
}

func TestTLSAndSASLAreTheClients(t *testing.T) {
	c, client := secure(t)
	w, err := New(t.Context(), Config{Client: client, Brokers: c.ListenAddrs(), TransactionalID: id})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	b := batch(table, "a", "b")
	if err := w.Commit(t.Context(), &Transaction{Batches: []*Batch{b}}); err != nil || b.Last != 1 {
		t.Fatalf("last is %d, error %v", b.Last, err)
	}
}

func TestWhatIsNotPermittedIsNotRetried(t *testing.T) {
	c, client := secure(t)
	start := func(change func(*sarama.Config)) error {
		config := Config{Brokers: c.ListenAddrs(), TransactionalID: id, Client: func() *sarama.Config {
			conf := client()
			change(conf)
			return conf
		}}
		patient(&config)
		_, err := New(t.Context(), config)
		return err
	}
	err := start(func(c *sarama.Config) { c.Net.TLS.Config = &tls.Config{RootCAs: x509.NewCertPool()} })
	if _, yes := errors.AsType[*tls.CertificateVerificationError](err); !yes {
		t.Errorf("with an unknown authority the error is %v", err)
	}
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		refused := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		refused.ErrorCode = kerr.SaslAuthenticationFailed.Code // kfake itself hangs up
		return refused, nil, true
	})
	err = start(func(c *sarama.Config) { c.Net.SASL.Password = "guessed" })
	if !errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		t.Errorf("with the wrong password the error is %v", err)
	}
}
