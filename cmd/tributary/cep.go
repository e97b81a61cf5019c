package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tributary-go/tributary/internal/backtest"
	"github.com/tributary-go/tributary/internal/config"
)

type cepCommand struct {
	Check    checkCommand    `cmd:"" help:"Check rules over clicks that are written as documents: all mistakes at once."`
	Backtest backtestCommand `cmd:"" help:"Run a rule over the clicks that the topic or a file holds, in memory: alerts per day, examples, the difference to another rule."`
	Put      putCommand      `cmd:"" help:"Give a running processor a rule: a new one, another version, or another state of the same."`
	Remove   removeCommand   `cmd:"" help:"Take a rule from a running processor. What it has begun goes on."`
}

type checkCommand struct {
	File []string `arg:"" help:"Files, a rule each." type:"existingfile"`
}

// Run checks all files.
func (c *checkCommand) Run() error {
	rs, err := backtest.ReadRules(c.File)
	if err != nil {
		return fmt.Errorf("mistakes\n%w", err)
	}
	for _, r := range rs {
		fmt.Println(backtest.Title(r))
	}
	return nil
}

type backtestCommand struct {
	config.Kafka
	File    string `arg:"" help:"File of the rule." type:"existingfile"`
	Clicks  string `help:"Read clicks from a file of JSON lines (key_id and the fields value_..) in place of the topic." type:"existingfile" group:"Backtest"`
	Against string `help:"Compare with the rule in a file, with the processor's own of the name: builtin, or with that of the rule topic: live." placeholder:"FILE|builtin|live" group:"Backtest"`
	liveRules
	Examples int    `help:"How many alerts are shown, and how many that differ." default:"5" group:"Backtest"`
	Zone     string `help:"Time zone of days and times." default:"Asia/Shanghai" group:"Backtest"`
}

// Run runs the rule.
func (c *backtestCommand) Run() error {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return fmt.Errorf("--zone %q: %w", c.Zone, err)
	}
	rule, err := backtest.ReadRule(c.File)
	if err != nil {
		return err
	}
	r := backtest.Report{Rule: rule, Examples: c.Examples, Zone: zone}
	if r.Against, err = c.against(context.Background(), rule.Name); err != nil {
		return err
	}
	if r.Clicks, err = c.clicks(context.Background()); err != nil {
		return err
	}
	return r.Write(os.Stdout)
}

func (c *backtestCommand) against(ctx context.Context, name string) (*backtest.Rule, error) {
	read := func() (backtest.Rule, error) { return backtest.ReadRule(c.Against) }
	switch c.Against {
	case "":
		return nil, nil
	case "builtin":
		read = func() (backtest.Rule, error) { return backtest.Builtin(name) }
	case "live":
		read = func() (backtest.Rule, error) { return c.of(c.Kafka).Rule(ctx, name) }
	}
	r, err := read()
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	return &r, nil
}

func (c *backtestCommand) clicks(ctx context.Context) (*backtest.Clicks, error) {
	if c.Clicks == "" {
		return backtest.ReadTopic(ctx, c.Connection())
	}
	f, err := os.Open(c.Clicks)
	if err != nil {
		return nil, fmt.Errorf("--clicks: %w", err)
	}
	defer f.Close()
	return backtest.ReadLines(f, c.Clicks)
}

// liveRules is the topic of rules of a running processor.
type liveRules struct {
	RuleTopic string `help:"Topic of the processor's rules." default:"clickalerts-rules" group:"Rules"`
}

func (l liveRules) of(k config.Kafka) backtest.Live {
	return backtest.Live{Conn: k.Connection(), Topic: l.RuleTopic}
}

type putCommand struct {
	config.Kafka
	liveRules
	File []string `arg:"" help:"Files, a rule each." type:"existingfile"`
}

// Run checks the files, then puts one after the other.
func (c *putCommand) Run() error {
	if _, err := backtest.ReadRules(c.File); err != nil {
		return fmt.Errorf("mistakes\n%w", err)
	}
	for _, file := range c.File {
		r, err := c.of(c.Kafka).Put(context.Background(), file)
		if err != nil {
			return err
		}
		fmt.Println("put", backtest.Title(r))
	}
	return nil
}

type removeCommand struct {
	config.Kafka
	liveRules
	Name []string `arg:"" help:"Names of rules."`
}

// Run removes the rules one after the other.
func (c *removeCommand) Run() error {
	for _, name := range c.Name {
		if err := c.of(c.Kafka).Remove(context.Background(), name); err != nil {
			return err
		}
		fmt.Println("removed", name)
	}
	return nil
}
