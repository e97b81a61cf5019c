package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// The bounds of a server. A handler that needs longer, such as a stream,
// replaces the deadlines of its request by http.ResponseController.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 45 * time.Second // more than the longest wait of a look-up
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10        // of which net/http adds 4 KB
	maxConnections    = 4096            // further ones wait to be accepted
	drainTime         = 3 * time.Second // for requests to finish; below the grace of Run
)

// Server is an HTTP server that has its address already.
type Server struct {
	listener net.Listener
	server   *http.Server
	drain    time.Duration
}

// Listen binds the address at once, so that a taken port is an error at start.
// An address without a host, such as ":8080", means 127.0.0.1: whoever wants
// all interfaces says 0.0.0.0. Port 0 picks a free one. The server's own
// errors are logged; a nil log discards them.
func Listen(address string, handler http.Handler, log *slog.Logger) (*Server, error) {
	address, err := withLoopback(address)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, explain(address, err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		listener: netutil.LimitListener(listener, maxConnections),
		drain:    drainTime,
		server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
	}, nil
}

// Addr is the address that was bound, such as "127.0.0.1:8080".
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Part runs the server under a name.
func (s *Server) Part(name string) Part { return Part{Name: name, Run: s.Run} }

// Run serves until ctx ends. Then it accepts no more, ends the contexts of the
// requests under way, so that streams and waits end, and gives them 3 s before
// it closes their connections.
func (s *Server) Run(ctx context.Context) error {
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.server.BaseContext = func(net.Listener) context.Context { return requests }
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	cancel()
	err := s.shutdown()
	<-served // http.ErrServerClosed, since shutdown has closed it
	return err
}

// shutdown lets requests finish. Cutting off the rest is no error: their clients
// were not reading.
func (s *Server) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop serving on %s: %w", s.Addr(), err)
	}
	return nil
}

// Close gives up the address of a server that is never run.
func (s *Server) Close() error { return s.listener.Close() }
