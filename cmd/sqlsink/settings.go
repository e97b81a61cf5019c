package main

import (
	"fmt"
	"os"

	"github.com/tributary-go/tributary/internal/sqlsink"
)

// database are the flags of the connection.
type database struct {
	Database              string `help:"Where the tables are: mysql://USER@HOST:PORT/NAME, postgres://USER@HOST:PORT/NAME or sqlite:FILE." required:"" placeholder:"URL" group:"Database"`
	DatabasePasswordFile  string `help:"File that holds the password. Or set TRIBUTARY_DATABASE_PASSWORD." type:"path" group:"Database"`
	DatabaseTLS           string `name:"database-tls" help:"Encrypt the connection and check the server's certificate, its authority only or its name too: ${enum}." enum:"off,verify-ca,verify-full" default:"off" group:"Database"`
	DatabaseTLSCA         string `name:"database-tls-ca" help:"PEM file of the authorities that may have signed the database's certificate. Default: the system's." type:"path" group:"Database"`
	DatabaseTLSCert       string `name:"database-tls-cert" help:"PEM file of the client's certificate." type:"path" group:"Database"`
	DatabaseTLSKey        string `name:"database-tls-key" help:"PEM file of the client's key." type:"path" group:"Database"`
	DatabaseTLSServerName string `name:"database-tls-server-name" help:"Name that the database's certificate must bear. Default: its host." group:"Database"`
}

// settings are what the sink takes. The password comes from a file or a variable, never from a flag, which others can see.
func (d database) settings() (sqlsink.Database, error) {
	s, err := sqlsink.ParseDatabase(d.Database)
	if err != nil {
		return s, fmt.Errorf("--database: %w", err)
	}
	s.Password, s.PasswordFile = os.Getenv("TRIBUTARY_DATABASE_PASSWORD"), d.DatabasePasswordFile
	s.TLS = sqlsink.DatabaseTLS{
		Mode: d.DatabaseTLS, CAFile: d.DatabaseTLSCA, CertFile: d.DatabaseTLSCert, KeyFile: d.DatabaseTLSKey, ServerName: d.DatabaseTLSServerName,
	}
	return s, nil
}
