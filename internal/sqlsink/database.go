package sqlsink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Database says where the tables are. It holds no open connection and may be copied.
type Database struct {
	// Kind is mysql, postgres or sqlite.
	Kind string
	// Host is host or host:port; User and Name (of the database) are as the server knows them. Of SQLite there is only
	// a Name, the path of the file.
	Host, User, Name string
	// Password, or PasswordFile that holds it. Neither: none.
	Password, PasswordFile string
	TLS                    DatabaseTLS
}

// DatabaseTLS says how the connection is encrypted. Files are PEM.
type DatabaseTLS struct {
	// Mode is off (or ""), verify-ca (an authority has signed the server's certificate) or verify-full (and it bears the
	// server's name).
	Mode string
	// CAFile holds the authorities. Empty: the system's.
	CAFile string
	// CertFile and KeyFile are the client's own certificate. Both or none.
	CertFile, KeyFile string
	// ServerName is expected in the server's certificate. Empty: its host.
	ServerName string
}

// ParseDatabase reads a URL without a password.
//
//	mysql://user@host:3306/name   postgres://user@host/name   sqlite:path/to/file.db
func ParseDatabase(text string) (Database, error) {
	if path, ok := strings.CutPrefix(text, "sqlite:"); ok {
		path = strings.TrimPrefix(path, "//")
		if path == "" {
			return Database{}, errors.New("the database is sqlite: and the path of a file")
		}
		return Database{Kind: "sqlite", Name: path}, nil
	}
	const form = "the database is mysql://user@host:port/name, postgres://user@host:port/name or sqlite:file"
	u, err := url.Parse(text)
	if err != nil {
		return Database{}, errors.New(form) // the error of url quotes the text, which may hold a password
	}
	if _, has := u.User.Password(); has {
		return Database{}, errors.New("the database's address holds a password, which others can see: give it by file or variable")
	}
	d := Database{Kind: u.Scheme, Host: u.Host, User: u.User.Username(), Name: strings.TrimPrefix(u.Path, "/")}
	switch d.Kind {
	case "mariadb":
		d.Kind = "mysql"
	case "postgresql":
		d.Kind = "postgres"
	}
	if d.Kind != "mysql" && d.Kind != "postgres" || d.Host == "" || d.User == "" || d.Name == "" || strings.Contains(d.Name, "/") || u.RawQuery != "" || u.Fragment != "" {
		return Database{}, errors.New(form)
	}
	return d, nil
}

// String names the database without its password.
func (d Database) String() string {
	if d.Kind == "sqlite" {
		return "sqlite:" + d.Name
	}
	return fmt.Sprintf("%s://%s@%s/%s", d.Kind, d.User, d.Host, d.Name)
}

// GoString keeps the password out of %#v too.
func (d Database) GoString() string { return fmt.Sprintf("sqlsink.Database{%s}", d) }

// LogValue keeps it out of logs.
func (d Database) LogValue() slog.Value { return slog.StringValue(d.String()) }

func (d Database) address(port string) string {
	if _, _, err := net.SplitHostPort(d.Host); err == nil {
		return d.Host
	}
	return net.JoinHostPort(strings.Trim(d.Host, "[]"), port)
}

func (d Database) open(log *slog.Logger) (dialect, error) {
	password, err := d.password()
	if err != nil {
		return nil, err
	}
	secure, err := d.secure()
	if err != nil {
		return nil, err
	}
	switch d.Kind {
	case "mysql":
		return openMySQL(d, password, secure, log)
	case "postgres":
		return openPostgres(d, password, secure)
	case "sqlite":
		return openSQLite(d)
	}
	return nil, fmt.Errorf("unknown kind of database %q: use mysql, postgres or sqlite", d.Kind)
}

func (d Database) password() (string, error) {
	if d.PasswordFile == "" {
		return d.Password, nil
	}
	if d.Password != "" {
		return "", errors.New("a database password and a database password file are given: keep one")
	}
	text, err := os.ReadFile(d.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the database password file: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("the database password file %s is empty", filepath.Base(d.PasswordFile))
	}
	return password, nil
}

// secure is nil for a connection in plain text.
func (d Database) secure() (*tls.Config, error) {
	t := d.TLS
	if t.Mode == "" || t.Mode == "off" {
		if t.CAFile+t.CertFile+t.KeyFile+t.ServerName != "" {
			return nil, errors.New("TLS settings of the database are given but its TLS is off")
		}
		return nil, nil
	}
	if d.Kind == "sqlite" {
		return nil, errors.New("SQLite is a file and knows no TLS")
	}
	if t.Mode != "verify-ca" && t.Mode != "verify-full" {
		return nil, fmt.Errorf("unknown TLS mode %q of the database: use off, verify-ca or verify-full", t.Mode)
	}
	host, _, _ := net.SplitHostPort(d.address("0"))
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.ServerName != "" {
		conf.ServerName = t.ServerName
	}
	if err := t.files(conf); err != nil {
		return nil, err
	}
	if t.Mode == "verify-ca" {
		authorityOnly(conf)
	}
	return conf, nil
}

func (t DatabaseTLS) files(conf *tls.Config) error {
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return fmt.Errorf("read the database's TLS CA file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("the database's TLS CA file %s holds no PEM certificate", t.CAFile)
		}
	}
	if t.CertFile == "" && t.KeyFile == "" {
		return nil
	}
	if t.CertFile == "" || t.KeyFile == "" {
		return errors.New("a TLS client certificate for the database needs both a certificate file and a key file")
	}
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return fmt.Errorf("load the TLS client certificate %s and key %s: %w", t.CertFile, t.KeyFile, err)
	}
	conf.Certificates = []tls.Certificate{cert}
	return nil
}

// authorityOnly checks who signed the server's certificate and not the name in it: those that MySQL makes for itself
// bear none.
func authorityOnly(conf *tls.Config) {
	conf.InsecureSkipVerify = true // replaced by:
	conf.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the database showed no certificate")
		}
		options := x509.VerifyOptions{Roots: conf.RootCAs, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(options)
		return err
	}
}
