// Command mysqlcdc copies a table of MySQL to a Kafka topic and keeps the copy current, exactly once.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/cdc/copier"
	"github.com/tributary-go/tributary/internal/cdc/source"
	"github.com/tributary-go/tributary/internal/cdc/topic"
	"github.com/tributary-go/tributary/internal/config"
	"github.com/tributary-go/tributary/internal/service"
)

type program struct {
	config.Kafka
	config.Log

	MySQLAddress       string `name:"mysql-address" help:"Address of MySQL." default:"127.0.0.1:3306" group:"MySQL" placeholder:"HOST:PORT"`
	MySQLUser          string `name:"mysql-user" help:"User name." default:"root" group:"MySQL"`
	MySQLPasswordFile  string `name:"mysql-password-file" help:"File that holds the password. Or set TRIBUTARY_MYSQL_PASSWORD." type:"path" group:"MySQL"`
	MySQLTLS           bool   `name:"mysql-tls" help:"Encrypt the connection to MySQL." group:"MySQL"`
	MySQLTLSCA         string `name:"mysql-tls-ca" help:"PEM file of the authorities that may have signed the server's certificate. Default: the system's." type:"path" group:"MySQL"`
	MySQLTLSCert       string `name:"mysql-tls-cert" help:"PEM file of the client's certificate." type:"path" group:"MySQL"`
	MySQLTLSKey        string `name:"mysql-tls-key" help:"PEM file of the client's key." type:"path" group:"MySQL"`
	MySQLTLSServerName string `name:"mysql-tls-server-name" help:"Name that the server's certificate must bear. Default: the host of the address." group:"MySQL"`
	MySQLTLSAnyName    bool   `name:"mysql-tls-any-name" help:"Accept any name in a certificate of the authorities: those that MySQL makes for itself bear none." group:"MySQL"`
	Database           string `help:"Database that the table is in." group:"MySQL" placeholder:"NAME"`
	ServerID           uint32 `help:"Number of this reader among the server's replicas. 0: made of the capture's name." default:"0" group:"MySQL"`

	Capture            string        `help:"What to capture: clickstream, raw_info, or a file of JSON." group:"Capture" placeholder:"NAME|FILE"`
	Show               bool          `help:"Print the capture as JSON, with its defaults filled in, and end." group:"Capture"`
	Accept             string        `help:"Go on behind this statement, as an error told its place, though it changed the table without its rows." group:"Capture" placeholder:"PLACE"`
	Partitions         int32         `help:"Partitions of the topic if it is created. 0: 1." default:"0" group:"Capture"`
	Replication        int16         `help:"Replicas of topics that are created. 0: the brokers' default." default:"0" group:"Capture"`
	ChunkRows          int           `help:"Rows that the snapshot reads at a time." default:"20000" group:"Capture"`
	Heartbeat          time.Duration `help:"How often at least the position is written." default:"10s" group:"Capture"`
	TransactionTimeout time.Duration `help:"How long the open transaction of a dead process holds readers back; each commit must be done within it." default:"1m" group:"Capture"`
	MaxTransactionMB   int           `name:"max-transaction-mb" help:"Size of rows, in MB, of one transaction of the source, which is kept in memory." default:"1024" group:"Capture"`

	Listen string `help:"Address of /healthz, /readyz and /metrics. Port 0: any. Empty: none." default:"127.0.0.1:0" group:"HTTP"`
}

func main() {
	var p program
	kong.Parse(&p, config.Options("mysqlcdc", "Copies a table of MySQL to a Kafka topic, and keeps the copy current from the binary log.")...)
	if err := p.run(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "mysqlcdc: %v\n", err)
		os.Exit(1)
	}
}

func (p *program) run(ctx context.Context) error {
	if p.Capture == "" {
		return fmt.Errorf("--capture is needed: clickstream, raw_info, or a file; --capture clickstream --show prints an example")
	}
	capture, err := cdc.Read(p.Capture)
	if err != nil {
		return err
	}
	if p.Show {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(capture)
	}
	if p.Database == "" {
		return fmt.Errorf("--database is needed")
	}
	log := p.Logger(os.Stderr)
	c := copier.New(copier.Config{
		Source: p.source(capture),
		Topic: topic.Config{
			Connection: p.Connection(), Capture: capture, Partitions: p.Partitions, Replication: p.Replication, TransactionTimeout: p.TransactionTimeout,
		},
		Options: cdc.Options{ChunkRows: p.ChunkRows, Heartbeat: p.Heartbeat},
		Log:     log,
	})
	health := service.NewHealth()
	if err := health.Registry().Register(c.Metrics()); err != nil {
		return err
	}
	health.Check("capture", c.Metrics().Ready)
	parts := []service.Part{{Name: "capture", Run: c.Run}}
	if p.Listen != "" {
		server, err := service.Listen(p.Listen, health.Wrap(nil), log)
		if err != nil {
			return err
		}
		log.Info("health and metrics", "address", server.Addr())
		parts = append(parts, server.Part("http"))
	}
	return service.Run(ctx, log, parts...)
}

func (p *program) source(capture cdc.Capture) source.Config {
	return source.Config{
		Server: source.Server{
			Address: p.MySQLAddress, User: p.MySQLUser, Password: os.Getenv("TRIBUTARY_MYSQL_PASSWORD"), PasswordFile: p.MySQLPasswordFile,
			TLS: source.TLS{
				Enable: p.MySQLTLS, CAFile: p.MySQLTLSCA, CertFile: p.MySQLTLSCert, KeyFile: p.MySQLTLSKey,
				ServerName: p.MySQLTLSServerName, AnyName: p.MySQLTLSAnyName,
			},
		},
		Database: p.Database, Capture: capture, ServerID: p.ServerID, Accept: p.Accept, MaxTransaction: p.MaxTransactionMB << 20,
	}
}
