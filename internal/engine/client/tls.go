package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/IBM/sarama"
)

// TLS says how the connection is encrypted. Files are PEM and are read again for each configuration, so that renewed
// certificates count at the next start of a client.
type TLS struct {
	// Enable turns TLS on. The other fields are mistakes without it.
	Enable bool
	// CAFile holds the certificates that brokers' certificates are checked against. Empty: the system's.
	CAFile string
	// CertFile and KeyFile are the client's own certificate. Both or none.
	CertFile, KeyFile string
	// ServerName is expected in the broker's certificate. Empty: the host of its address.
	ServerName string
	// InsecureSkipVerify accepts any certificate. For tests: it gives up what TLS is for.
	InsecureSkipVerify bool
}

func (t TLS) check() error {
	if !t.Enable {
		if t != (TLS{}) {
			return errors.New("TLS settings are given but TLS is not enabled")
		}
		return nil
	}
	_, err := t.config()
	return err
}

func (t TLS) apply(s *sarama.Config) error {
	if !t.Enable {
		return nil
	}
	conf, err := t.config()
	if err != nil {
		return err
	}
	s.Net.TLS.Enable, s.Net.TLS.Config = true, conf
	return nil
}

func (t TLS) config() (*tls.Config, error) {
	conf := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify,
	}
	return conf, errors.Join(t.addRoots(conf), t.addCertificate(conf))
}

func (t TLS) addRoots(conf *tls.Config) error {
	if t.CAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return fmt.Errorf("read the TLS CA file: %w", err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("TLS CA file %s holds no PEM certificate", t.CAFile)
	}
	return nil
}

func (t TLS) addCertificate(conf *tls.Config) error {
	if t.CertFile == "" && t.KeyFile == "" {
		return nil
	}
	if t.CertFile == "" || t.KeyFile == "" {
		return errors.New("a TLS client certificate needs both a certificate file and a key file")
	}
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return fmt.Errorf("load the TLS client certificate %s and key %s: %w", t.CertFile, t.KeyFile, err)
	}
	conf.Certificates = []tls.Certificate{cert}
	return nil
}
