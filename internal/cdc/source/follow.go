package source

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/tributary-go/tributary/internal/cdc"
)

const (
	// heartbeat is how often the server says that there is nothing new.
	heartbeat = time.Second
	// silence is how long a server may say nothing at all before the connection is given up.
	silence = 15 * time.Second
)

// Follow implements cdc.Source. Connections that break are its error too: the caller begins again at what is
// committed.
func (s *Source) Follow(ctx context.Context, from cdc.At, deliver func(cdc.Unit) error) error {
	config, err := s.syncerConfig(ctx)
	if err != nil {
		return err
	}
	r := &reading{
		table: s.table, layout: s.layout, byGTID: from.ByGTID(), limit: s.config.MaxTransaction, accept: s.config.Accept,
		log: s.config.Log, deliver: deliver,
	}
	r.file, _ = from.File()
	config.RowsEventDecodeFunc = func(e *replication.RowsEvent, data []byte) error {
		at, err := e.DecodeHeader(data)
		if err != nil || !r.ours(e.Table) {
			return err
		}
		return e.DecodeData(at, data)
	}
	config.SynchronousEventHandler = r
	syncer := replication.NewBinlogSyncer(config)
	defer syncer.Close()
	stream, err := start(syncer, from)
	if err == nil {
		_, err = stream.GetEvent(ctx) // events go to the handler: what comes is the end
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.err != nil:
		return r.err
	}
	return fmt.Errorf("follow the log of %s from %s: %w", s.config.Server, from, explain(err))
}

func start(syncer *replication.BinlogSyncer, from cdc.At) (*replication.BinlogStreamer, error) {
	if set := from.Set(); set != nil {
		return syncer.StartSyncGTID(set)
	}
	file, offset := from.File()
	return syncer.StartSync(mysql.Position{Name: file, Pos: offset})
}

func (s *Source) syncerConfig(ctx context.Context) (replication.BinlogSyncerConfig, error) {
	var none replication.BinlogSyncerConfig
	host, port, err := net.SplitHostPort(s.config.Server.Address)
	if err != nil {
		return none, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return none, fmt.Errorf("port of MySQL %q: %w: %w", port, err, cdc.ErrStop)
	}
	password, err := s.config.Server.password()
	if err != nil {
		return none, err
	}
	secure, err := s.config.Server.TLS.config(host)
	if err != nil {
		return none, err
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	return replication.BinlogSyncerConfig{
		ServerID: s.config.serverID(), Flavor: mysql.MySQLFlavor, Host: host, Port: uint16(number), User: s.config.Server.User, Password: password,
		Localhost: "mysqlcdc", TLSConfig: secure, TimestampStringLocation: time.UTC, HeartbeatPeriod: heartbeat, ReadTimeout: silence,
		DisableRetrySync: true, VerifyChecksum: true, DiscardGTIDSet: true, EventCacheCount: 1,
		Logger: slog.New(quiet{s.config.Log.Handler()}),
		// The reader dials once more to end its connection on the server. When we stop there is no time for that, and
		// no need: the server notices.
		Dialer: func(dial context.Context, network, address string) (net.Conn, error) {
			if ctx.Err() != nil {
				return nil, errors.New("stopping")
			}
			return dialer.DialContext(dial, network, address)
		},
	}, nil
}

// serverID is the configured one, or one made of the capture's name, above what people give to their servers.
func (c Config) serverID() uint32 {
	if c.ServerID != 0 {
		return c.ServerID
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.Capture.Name))
	return 1<<31 | h.Sum32()
}

// quiet shows what the log's reader says at debug level: what matters comes back as an error.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.Handler.Enabled(ctx, slog.LevelDebug)
}

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
