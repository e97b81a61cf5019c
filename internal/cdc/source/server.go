package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tributary-go/tributary/internal/cdc"
)

const (
	// dialTimeout bounds the way to the server.
	dialTimeout = 10 * time.Second
	// queryTimeout bounds a query and the reading of its rows: a server that hangs is given up.
	queryTimeout = 2 * time.Minute
)

// Server says how to reach MySQL.
type Server struct {
	// Address is host:port.
	Address string
	User    string
	// Password, or PasswordFile, but not both; neither is no password. It appears in no error and no log.
	Password string `json:"-"`
	// PasswordFile holds the password; trailing line ends are cut off. It is read for each connection.
	PasswordFile string
	TLS          TLS
}

// TLS says how the connection is encrypted. The files are PEM.
type TLS struct {
	Enable bool
	// CAFile holds the authorities that may have signed the server's certificate. Empty: the system's.
	CAFile string
	// CertFile and KeyFile are the client's own certificate. Both or none.
	CertFile, KeyFile string
	// ServerName that the certificate must bear. Empty: the host of the address.
	ServerName string
	// AnyName accepts a certificate of the authorities whatever name it bears, as MySQL's own VERIFY_CA does: the
	// certificates that MySQL makes for itself bear none.
	AnyName bool
}

// String names the server and the user, never the password.
func (s Server) String() string {
	how := ""
	if s.TLS.Enable {
		how = " by TLS"
	}
	return fmt.Sprintf("MySQL at %s as %s%s", s.Address, s.User, how)
}

// GoString keeps the password out of %#v too.
func (s Server) GoString() string { return "source.Server{" + s.String() + "}" }

func (s Server) password() (string, error) {
	switch {
	case s.Password != "" && s.PasswordFile != "":
		return "", errors.New("a MySQL password and a MySQL password file are given: keep one")
	case s.PasswordFile == "":
		return s.Password, nil
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the MySQL password file: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

func (t TLS) config(host string) (*tls.Config, error) {
	if !t.Enable {
		if t != (TLS{}) {
			return nil, errors.New("settings of TLS for MySQL are given but TLS is not enabled")
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, CipherSuites: cipherSuites()}
	if c.ServerName == "" {
		c.ServerName = host
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the authorities for MySQL: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("file %s holds no PEM certificate", t.CAFile)
		}
	}
	if t.CertFile != "" || t.KeyFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("load the certificate for MySQL %s and its key %s: %w", t.CertFile, t.KeyFile, err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	if t.AnyName {
		c.InsecureSkipVerify = true // the chain is checked below, without the name
		c.VerifyConnection = chainOnly(c.RootCAs)
	}
	return c, nil
}

// cipherSuites are Go's own, and last two that it leaves out by default: MySQL up to 8.0.15 knows no exchange of keys
// by elliptic curves. A server that does is never met with these.
func cipherSuites() []uint16 {
	var ids []uint16
	for _, s := range tls.CipherSuites() {
		ids = append(ids, s.ID)
	}
	return append(ids, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_GCM_SHA256)
}

// chainOnly checks that an authority has signed, and not for whom.
func chainOnly(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}

// conn is a connection for queries, used by one at a time. When its context ends, the line is cut: what waits for it
// fails, and its user closes it.
type conn struct {
	*client.Conn
	cut func() bool // withdraws the cut; nil before the line is there
}

func (c *conn) dial(ctx context.Context) client.Dialer {
	d := net.Dialer{Timeout: dialTimeout}
	return func(dial context.Context, network, address string) (net.Conn, error) {
		line, err := d.DialContext(dial, network, address)
		if err == nil {
			c.cut = context.AfterFunc(ctx, func() { _ = line.Close() })
		}
		return line, err
	}
}

func (c *conn) stop() {
	if c.cut != nil {
		c.cut()
	}
}

func (s Server) connect(ctx context.Context) (*conn, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, fmt.Errorf("address of MySQL %q: %w: host:port is needed: %w", s.Address, err, cdc.ErrStop)
	}
	password, err := s.password()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, cdc.ErrStop)
	}
	secure, err := s.TLS.config(host)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, cdc.ErrStop)
	}
	made := &conn{}
	made.Conn, err = client.ConnectWithDialer(ctx, "tcp", s.Address, s.User, password, "", made.dial(ctx), func(c *client.Conn) error {
		c.SetTLSConfig(secure)
		c.SetAttributes(map[string]string{"program_name": "mysqlcdc"})
		return c.SetCollation("utf8mb4_general_ci")
	})
	if err != nil {
		made.stop()
		return nil, fmt.Errorf("connect to %s: %w", s, explain(err))
	}
	_, err = made.query("SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = '', SESSION TRANSACTION_ISOLATION = 'REPEATABLE-READ', SESSION max_execution_time = 0")
	if err != nil {
		made.close()
		return nil, err
	}
	return made, nil
}

func (c *conn) close() {
	c.stop()
	_ = c.Conn.Close()
}

// query runs a query whose answer is small.
func (c *conn) query(sql string) (*mysql.Result, error) {
	_ = c.SetDeadline(time.Now().Add(queryTimeout)) // a closed connection shows at the query
	r, err := c.Execute(sql)
	if err != nil {
		return nil, fmt.Errorf("%.120s: %w", sql, explain(err))
	}
	return r, nil
}

// rows runs a query and returns its rows as text, null as "".
func (c *conn) rows(sql string) ([][]string, error) {
	r, err := c.query(sql)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all [][]string
	for _, values := range r.Values {
		row := make([]string, len(values))
		for i := range values {
			switch v := values[i].Value().(type) {
			case nil:
			case []byte:
				row[i] = string(v)
			default:
				row[i] = fmt.Sprint(v)
			}
		}
		all = append(all, row)
	}
	return all, nil
}

// value is the first column of the first row, "" if there is none.
func (c *conn) value(sql string) (string, error) {
	rows, err := c.rows(sql)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0][0], nil
}
