package backtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tributary-go/tributary/internal/engine/client"
	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// Live is a topic of rules that a running processor is told: see clickalerts.Config.
type Live struct {
	Conn  client.Connection
	Topic string
}

// Put checks the document in a file and writes it to the topic, under the rule's name. The topic is made if it is not
// there. A document that the processor would refuse, since its version is not above that of the one before, is an error.
func (l Live) Put(ctx context.Context, file string) (Rule, error) {
	document, err := os.ReadFile(file)
	if err != nil {
		return Rule{}, err
	}
	r, err := clickalerts.CheckRule(document)
	if err != nil {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	if err := l.ensure(ctx); err != nil {
		return r, err
	}
	before, err := l.Rule(ctx, r.Name)
	switch {
	case errors.Is(err, errNoRule):
	case err != nil:
		return r, err
	case r.Version < before.Version, r.Version == before.Version && r.Content() != before.Content():
		return r, fmt.Errorf("%s: version %d of rule %s: the topic has version %d already, which is another one: count the version up", file, r.Version, r.Name, before.Version)
	}
	_, _, err = client.Put(ctx, l.Conn, l.Topic, []byte(r.Name), document)
	return r, err
}

// Remove removes a rule that the topic has. One of the program itself is removed too, also if the topic does not have it.
func (l Live) Remove(ctx context.Context, name string) error {
	if err := l.ensure(ctx); err != nil {
		return err
	}
	if _, err := l.Rule(ctx, name); errors.Is(err, errNoRule) {
		if _, err := Builtin(name); err != nil {
			return fmt.Errorf("topic %s has no rule %q", l.Topic, name)
		}
	}
	_, _, err := client.Put(ctx, l.Conn, l.Topic, []byte(name), nil)
	return err
}

var errNoRule = errors.New("no such rule")

// Rule is the rule of a name that the topic has: the one that is live, unless its document was refused.
func (l Live) Rule(ctx context.Context, name string) (Rule, error) {
	a, err := client.Open(ctx, l.Conn)
	if err != nil {
		return Rule{}, err
	}
	defer a.Close()
	partitions, err := a.Partitions(ctx, l.Topic)
	if err != nil {
		return Rule{}, err
	}
	var document []byte
	for p := range partitions {
		if _, err := a.Scan(ctx, l.Topic, p, 0, func(key, value []byte, _ int64) error {
			if string(key) == name {
				document = bytes.Clone(value)
			}
			return nil
		}); err != nil {
			return Rule{}, err
		}
	}
	if len(document) == 0 {
		return Rule{}, fmt.Errorf("topic %s: rule %q: %w", l.Topic, name, errNoRule)
	}
	r, err := clickalerts.CheckRule(document)
	if err != nil {
		return r, fmt.Errorf("topic %s: rule %q: %w", l.Topic, name, err)
	}
	return r, nil
}

// ensure makes the topic unless it is there.
func (l Live) ensure(ctx context.Context) error {
	a, err := client.Open(ctx, l.Conn)
	if err != nil {
		return err
	}
	defer a.Close()
	if _, err := a.Partitions(ctx, l.Topic); !errors.Is(err, client.ErrNoTopic) {
		return err
	}
	_, err = a.EnsureTopics(ctx, []client.TopicSpec{{Name: l.Topic, Partitions: 1, Config: map[string]string{"cleanup.policy": "compact"}}})
	return err
}
