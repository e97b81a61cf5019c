package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	captureDatabase = "shop"
	captureTable    = "click_stream"
	captureTopic    = clicksTopic // of the built-in capture clickstream
	captureRate     = 500         // rows per second of the latency, each in a transaction of its own
)

// capture copies a table of MySQL to Kafka with the program mysqlcdc: what is there, what was written while it was
// away, and what is written while it runs.
func (b *bench) capture(ctx context.Context) (section, error) {
	s := section{title: "Capture of a MySQL table"}
	server, err := b.startServer(ctx, mysqlMake)
	var a *absent
	if errors.As(err, &a) {
		b.say("left out: %v", err)
		s.text = fmt.Sprintf("Left out: %v.", err)
		return s, nil
	}
	if err != nil {
		return s, err
	}
	err = b.captureFrom(ctx, server, &s)
	return s, errors.Join(err, server.stop(), b.topics.remove(ctx, captureTopic))
}

func (b *bench) captureFrom(ctx context.Context, server *server, s *section) error {
	n := b.captureRows
	s.text = fmt.Sprintf("mysqlcdc copies a table of ten columns to a topic, exactly once: first the %s rows that it finds (snapshot), then as many that were inserted "+
		"while it was stopped, 5,000 in a transaction (backlog of the binary log). Rows per second and CPU time are those from the "+
		"first commit to the last. At last %d rows per second are inserted for %s, each in a transaction of its own, over eight connections: from the moment at which MySQL has "+
		"confirmed the commit until a read-committed consumer has the record. In the end the topic held each row once, and prices and ids summed up to MySQL's.",
		count(n), captureRate, b.window)
	t, err := openClickTable(ctx, server)
	if err != nil {
		return err
	}
	defer t.db.Close()
	s.table = [][]string{{"", "rows", "rows/s", "bar", "mysqlcdc, CPU-s per million", "memory, most"}}
	for _, x := range []struct {
		name string
		bar  int
	}{{"snapshot", 300_000}, {"backlog of the binary log", 200_000}} {
		d, err := b.copied(ctx, server, t, x.name, n)
		if err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		b.say("%s: %.0f rows/s, %.1f CPU-s, %d MB", x.name, d.rate, d.cpu, d.peak>>20)
		s.table = append(s.table, []string{x.name, count(n), count(int(d.rate)), count(x.bar), figure(d.cpu / float64(n) * 1e6), megabytes(float64(d.peak))})
	}
	d, err := b.captureLatency(ctx, server, t)
	if err != nil {
		return fmt.Errorf("latency: %w", err)
	}
	if err := t.compare(ctx, b.topics); err != nil {
		return err
	}
	b.say("from commit to readable: p50 %v, p99 %v; exact", d.at(50), d.at(99))
	s.more = []section{{
		text: "From commit to readable:",
		table: [][]string{{"rows per second", "p50", "p90", "p99", "bar", "most", "watched", "cores used"},
			{strconv.Itoa(captureRate), ms(d.at(50)), ms(d.at(90)), ms(d.at(99)), "p99 below 100 ms", ms(d.at(100)), count(len(d.sorted)), figure(d.cores)}},
	}}
	return nil
}

// copied inserts n rows, starts the program, and stops it when it has copied them.
func (b *bench) copied(ctx context.Context, server *server, t *clickTable, name string, n int) (d drained, err error) {
	if err := errors.Join(t.fill(ctx, n), b.kafka.settle(ctx)); err != nil {
		return d, err
	}
	p, err := b.mysqlcdc(server, "capture-"+strings.Fields(name)[0])
	if err != nil {
		return d, err
	}
	d, err = p.counted(ctx, `tributary_cdc_records_total{capture="`+captureTopic+`"}`, n)
	return d, errors.Join(err, p.stop())
}

func (b *bench) mysqlcdc(server *server, name string) (*processor, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(b.work, "bin", "mysqlcdc"), "--brokers="+b.kafka.address, "--mysql-address="+server.address(), "--database="+captureDatabase,
		"--capture=clickstream", "--partitions="+strconv.Itoa(partitions), "--listen="+address, "--log-level=warn")
	cmd.Env = append(os.Environ(), "TRIBUTARY_MYSQL_PASSWORD="+serverPassword)
	p, err := b.start(name, cmd)
	return &processor{p, "http://" + address}, err
}

// captureLatency inserts at an even pace and watches the topic.
func (b *bench) captureLatency(ctx context.Context, server *server, t *clickTable) (d delays, err error) {
	p, err := b.mysqlcdc(server, "capture-latency")
	if err != nil {
		return d, err
	}
	d, err = b.paceInserts(ctx, p, t)
	return d, errors.Join(err, p.stop())
}

func (b *bench) paceInserts(ctx context.Context, p *processor, t *clickTable) (d delays, err error) {
	consumer, err := b.topics.followFromEnd(ctx, captureTopic)
	if err != nil {
		return d, err
	}
	defer consumer.Close()
	if _, err := p.ready(ctx); err != nil {
		return d, err
	}
	before, err := p.usage()
	if err != nil {
		return d, err
	}
	w := newInserts(t, int(b.window.Seconds()*captureRate)*6/5)
	sent := make(chan error, 1)
	go func() { sent <- w.send(ctx) }()
	watchErr := p.poll(ctx, time.Millisecond, func() (bool, error) { return w.poll(ctx, consumer) })
	took := time.Since(w.began)
	if err := errors.Join(<-sent, watchErr); err != nil {
		return d, err
	}
	after, err := p.usage()
	return delays{w.sorted(), (after.cpu - before.cpu) / took.Seconds()}, err
}
