package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// bench is one run of the program: the broker, the folder everything lies in, and the report.
type bench struct {
	options
	root   string // the module's folder
	work   string
	kafka  *kafka
	topics *topics
	report report
	began  time.Time
}

func openBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{options: o, began: time.Now()}
	var err error
	if b.root, err = moduleRoot(); err != nil {
		return nil, err
	}
	if b.work, err = os.MkdirTemp(o.dir, "tributary-bench-"); err != nil {
		return nil, err
	}
	b.report.machine = describeMachine(ctx, b.root) // before we make load ourselves
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// prepare builds what is measured and starts the broker.
func (b *bench) prepare(ctx context.Context) (err error) {
	if err := b.build(ctx); err != nil {
		return err
	}
	if b.kafka, err = startKafka(ctx, b.root, filepath.Join(b.work, "kafka")); err != nil {
		return err
	}
	b.topics, err = openTopics(b.kafka.address)
	return err
}

// close stops the broker and removes the work folder, logs included: errors quote their ends.
func (b *bench) close() error {
	if b.topics != nil {
		b.topics.close()
	}
	var err error
	if b.kafka != nil {
		err = b.kafka.stop()
	}
	return errors.Join(err, os.RemoveAll(b.work))
}

// finish writes the report, if it is whole and wanted.
func (b *bench) finish(whole bool) error {
	if b.write == "" || !whole {
		return nil
	}
	path := b.write
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.root, path)
	}
	b.report.took = time.Since(b.began)
	b.report.args = b.args
	if err := os.WriteFile(path, []byte(b.report.markdown()), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	b.say("wrote %s", b.write)
	return nil
}

// say tells whoever waits how far we are.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%4.0fs] %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// clear removes what a part that failed has left in the broker.
func (b *bench) clear(ctx context.Context) error {
	const all = ""
	return errors.Join(b.topics.remove(ctx, all), b.forgetGroups(ctx, all))
}

// moduleRoot goes up from the working folder to go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above: run it inside the repository, as go run ./bench")
		}
		dir = parent
	}
}
