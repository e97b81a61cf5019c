package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tributary-go/tributary/internal/cdc"
)

// Config says what is read, and from where.
type Config struct {
	Server   Server
	Database string
	Capture  cdc.Capture
	// ServerID is the capture's number among the servers and replicas that read the log. 0: made of its name.
	ServerID uint32
	// MaxTransaction bounds the memory that a transaction of the source takes, in bytes. 0: 1 GiB.
	MaxTransaction int
	// Accept is the place of a statement, as an error told it, that changed the table without its rows and that the
	// capture shall pass. "": none.
	Accept string
	// Log. Nil: discard.
	Log *slog.Logger
}

// Source is a table that can be captured. It implements cdc.Source.
type Source struct {
	config Config
	table  *table
	layout cdc.Layout
	server string // server_uuid
	status string // the statement that tells the end of the log
	byGTID bool

	conn    *conn
	settled cdc.At // the last place that was waited for
}

// Open connects and checks everything that can be checked; the error lists all that is wrong, and what to do.
func Open(ctx context.Context, c Config) (*Source, error) {
	c.MaxTransaction = cmp.Or(c.MaxTransaction, 1<<30)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	connection, err := c.Server.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, conn: connection}
	if err := s.prepare(); err != nil {
		s.Close()
		return nil, s.failed(err)
	}
	return s, nil
}

func (s *Source) failed(err error) error {
	return fmt.Errorf("capture %s from %s: %w", s.config.Capture.Name, s.config.Server, err)
}

// Resume checks that the capture can go on from a position. It is called before the other methods, if the capture does
// not begin.
func (s *Source) Resume(p cdc.Position) error {
	s.byGTID = p.At.ByGTID()
	var err error
	s.layout, err = s.config.Capture.Keeping(p).Layout(s.table.types(), s.table.primary)
	if err := errors.Join(err, s.table.check(s.layout), s.checkPosition(p)); err != nil {
		return s.failed(stopUnlessPassing(err))
	}
	return nil
}

// Close ends the connection for queries. Follow ends with its context.
func (s *Source) Close() { s.conn.close() }

// Layout of the records.
func (s *Source) Layout() cdc.Layout { return s.layout }

// ServerUUID names the server.
func (s *Source) ServerUUID() string { return s.server }

// Now implements cdc.Source.
func (s *Source) Now(context.Context) (cdc.At, error) { return s.now() }

func (s *Source) now() (cdc.At, error) {
	if s.byGTID {
		set, err := s.conn.value("SELECT @@GLOBAL.gtid_executed")
		if err != nil {
			return cdc.At{}, err
		}
		return cdc.GTIDs(strings.ReplaceAll(set, "\n", ""))
	}
	rows, err := s.conn.rows(s.status)
	if err != nil {
		return cdc.At{}, err
	}
	if len(rows) == 0 {
		return cdc.At{}, fmt.Errorf("%s tells nothing: the binary log is off: start the server with log_bin: %w", s.status, cdc.ErrStop)
	}
	var offset uint32
	if _, err := fmt.Sscan(rows[0][1], &offset); err != nil {
		return cdc.At{}, fmt.Errorf("%s: offset %q: %w", s.status, rows[0][1], err)
	}
	return cdc.Offset(rows[0][0], offset), nil
}

// settling is how long it may take, without GTIDs, until a transaction that was logged is seen by others. The server
// tells the end of the log before it ends the transactions in the storage engine, which takes milliseconds. With
// semi-synchronous replication that waits for replicas it can take longer: use GTIDs then.
const settling = time.Second

// Settled implements cdc.Source. With GTIDs the server is asked: gtid_executed has a transaction only after the
// storage engine has it.
func (s *Source) Settled(ctx context.Context, at cdc.At) error {
	if !s.byGTID {
		if s.settled == at {
			return nil
		}
		if err := sleep(ctx, settling); err != nil {
			return err
		}
		s.settled = at
		return nil
	}
	deadline := time.Now().Add(queryTimeout)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		now, err := s.now()
		if err != nil || now.Reached(at) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server sent transactions that it does not show as executed for %s", queryTimeout)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// Last implements cdc.Source.
func (s *Source) Last(context.Context) ([]string, error) {
	var names []string
	for _, name := range s.table.primary {
		names = append(names, quoteName(name))
	}
	r, err := s.conn.query(fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT 1", strings.Join(names, ", "), s.table.quoted(), s.table.order(" DESC")))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if len(r.Values) == 0 {
		return nil, nil
	}
	l := cdc.Layout{Read: s.table.primary}
	cells, err := s.table.selecting(l).read(r.Values[0])
	if err != nil {
		return nil, err
	}
	return s.table.keyOf(l, cells), nil
}

// Chunk implements cdc.Source.
func (s *Source) Chunk(_ context.Context, after, until []string, limit int) (cdc.Chunk, error) {
	chunk, err := s.conn.readChunk(s.table, s.layout, after, until, limit)
	if err != nil {
		return chunk, err
	}
	chunk.High, err = s.now()
	return chunk, err
}
