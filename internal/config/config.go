// Package config holds the settings that the programs share: flags, environment and help from one place.
//
// Every flag can be set by a variable TRIBUTARY_ and its name in capitals: --state-dir is
// TRIBUTARY_STATE_DIR. A flag on the command line wins.
package config

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
	_ "time/tzdata" // zones are there on machines without them

	"github.com/alecthomas/kong"

	"github.com/tributary-go/tributary/internal/engine"
	"github.com/tributary-go/tributary/internal/engine/client"
)

// Kafka says how to reach the cluster.
type Kafka struct {
	Brokers []string `help:"Addresses of brokers, host:port. One that answers is enough." default:"127.0.0.1:9092" group:"Kafka" placeholder:"HOST:PORT"`

	TLS           bool   `name:"tls" help:"Encrypt the connection." group:"Kafka"`
	TLSCA         string `name:"tls-ca" help:"PEM file of the authorities that may have signed the brokers' certificates. Default: the system's." type:"path" group:"Kafka"`
	TLSCert       string `name:"tls-cert" help:"PEM file of the client's certificate." type:"path" group:"Kafka"`
	TLSKey        string `name:"tls-key" help:"PEM file of the client's key." type:"path" group:"Kafka"`
	TLSServerName string `name:"tls-server-name" help:"Name that the brokers' certificates must bear. Default: the address." group:"Kafka"`

	SASL             string `name:"sasl" help:"Authenticate by ${enum}." enum:",PLAIN,SCRAM-SHA-256,SCRAM-SHA-512" default:"" group:"Kafka"`
	SASLUser         string `name:"sasl-user" help:"User name." group:"Kafka"`
	SASLPasswordFile string `name:"sasl-password-file" help:"File that holds the password. Or set TRIBUTARY_SASL_PASSWORD." type:"path" group:"Kafka"`
}

// Connection is what the engine takes. The password comes from a file or from TRIBUTARY_SASL_PASSWORD, never
// from a flag, which others can see.
func (k Kafka) Connection() client.Connection {
	return client.Connection{
		Brokers: k.Brokers,
		TLS:     client.TLS{Enable: k.TLS, CAFile: k.TLSCA, CertFile: k.TLSCert, KeyFile: k.TLSKey, ServerName: k.TLSServerName},
		SASL:    client.SASL{Mechanism: k.SASL, User: k.SASLUser, Password: os.Getenv("TRIBUTARY_SASL_PASSWORD"), PasswordFile: k.SASLPasswordFile},
	}
}

// Engine are the settings of a processor.
type Engine struct {
	Instance    string `help:"Name of this process among those of the same program: each needs its own. Default: the host name." group:"Processor"`
	StateDir    string `help:"Directory of the local stores. It may be lost: they are rebuilt from Kafka." type:"path" default:"${state_dir}" group:"Processor"`
	Partitions  int32  `help:"Partitions of topics that are created. 0: as many as those that exist, or as the largest input has." default:"0" group:"Processor"`
	Replication int16  `help:"Replicas of topics that are created. 0: the brokers' default." default:"0" group:"Processor"`

	MaxAhead           time.Duration `help:"How far the event time of a record may lie ahead of its arrival; beyond it is a dead letter. 0: no bound." default:"1h" group:"Time"`
	IdleAfter          time.Duration `help:"How long a partition must have been read to its end before it no longer holds time back." default:"5s" group:"Time"`
	SessionTimeout     time.Duration `help:"How long the partitions of a dead instance wait for another." default:"6s" group:"Time"`
	TransactionTimeout time.Duration `help:"How long the open transaction of a dead instance holds readers back." default:"15s" group:"Time"`

	CacheRows  int           `help:"Rows, sub-rows and timers of a processor group that are kept in memory." default:"400000" group:"Memory"`
	MaxOpen    int           `help:"Records of a processor group that are processed and not committed." default:"40000" group:"Memory"`
	FlushEvery time.Duration `help:"How long committed rows stay in memory before the local store is written." default:"5s" group:"Memory"`
}

// Config is what the engine takes.
func (e Engine) Config(k Kafka, log *slog.Logger) engine.Config {
	return engine.Config{
		Connection: k.Connection(), Instance: e.Instance, StateDir: e.StateDir, Partitions: e.Partitions, Replication: e.Replication,
		MaxAhead: e.MaxAhead, IdleAfter: e.IdleAfter, SessionTimeout: e.SessionTimeout, TransactionTimeout: e.TransactionTimeout,
		CacheRows: e.CacheRows, MaxOpen: e.MaxOpen, FlushEvery: e.FlushEvery, Log: log,
	}
}

// Rules are the settings that topologies share. A program with another retention embeds them with the tag
// set:"retain=2160h".
type Rules struct {
	Zone   string        `help:"Time zone of business times." default:"Asia/Shanghai" group:"Rules"`
	From   string        `help:"Leave out records whose business time lies before this (2006-01-02 or 2006-01-02T15:04:05, in the zone). Default: none." group:"Rules" placeholder:"TIME"`
	Retain time.Duration `help:"How long rows are kept after their business time; older records are too late. 0: for ever." default:"${retain}" group:"Rules"`
}

// Times are the zone, and From in it.
func (r Rules) Times() (*time.Location, time.Time, error) {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("--zone %q: %w", r.Zone, err)
	}
	if r.From == "" {
		return zone, time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime} {
		if from, err := time.ParseInLocation(layout, r.From, zone); err == nil {
			return zone, from, nil
		}
	}
	return nil, time.Time{}, fmt.Errorf("--from %q: want 2006-01-02 or 2006-01-02T15:04:05", r.From)
}

// Log says what is logged, to standard error.
type Log struct {
	LogLevel  slog.Level `help:"Least level that is logged: debug, info, warn or error." default:"info" group:"Log"`
	LogFormat string     `help:"One of ${enum}." enum:"text,json" default:"text" group:"Log"`
}

// Logger makes the logger.
func (l Log) Logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: l.LogLevel}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Options are those of every program's parser. purpose is one sentence.
func Options(name, purpose string) []kong.Option {
	return []kong.Option{
		kong.Name(name), kong.Description(purpose), kong.UsageOnError(), kong.DefaultEnvars("TRIBUTARY"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		kong.Vars{"state_dir": "tributary-state", "retain": "168h"},
	}
}
