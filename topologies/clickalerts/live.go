package clickalerts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tributary-go/tributary/cep"
	"github.com/tributary-go/tributary/cep/rules"
	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// RuleTopic is what the topic of rules that change is called by default: compacted, its keys the rules' names, its
// values their documents, none for a rule that is removed.
const RuleTopic = "clickalerts-rules"

// changes are the documents of Config.RuleTopic, each checked before any task is told.
func (c Config) changes(t *stream.Topology) stream.Broadcast[cep.RuleName, []byte] {
	src := stream.NewTopic[stream.Unkeyed](c.RuleTopic, codecs.Bytes(), nil)
	return stream.BroadcastFrom(t, src, func(record stream.Unkeyed, document *[]byte) (cep.RuleName, error) {
		if document == nil {
			return cep.RuleName(record), nil
		}
		r, err := CheckRule(*document)
		if err != nil {
			return "", fmt.Errorf("rule %q: %s", record, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		if r.Name != string(record) {
			return "", fmt.Errorf("rule %q: the document has the name %q, which must be the record's key", record, r.Name)
		}
		return cep.RuleName(record), nil
	})
}

var errDrain = errors.New(`its pattern has no window: "drain": {"ms": ..} has to say for how long partial matches go on once the rule is replaced`)

// CheckRule is ReadRule for a rule that can be put into the topic of rules: one day it will be replaced.
func CheckRule(document []byte) (rules.Rule[Click], error) {
	r, err := ReadRule(document)
	if err != nil {
		return r, err
	}
	if _, bounded := r.Drains(); !bounded {
		return r, errDrain
	}
	return r, nil
}

// detect looks for the rules of a key: those of the program, and those that come as data if there is a topic of them.
func detect[K tables.Key](c Config, s stream.Stream[K, Click], runs tables.Table[K, cep.Runs], key string, changes *stream.Broadcast[cep.RuleName, []byte], own []cep.Rule[Click, Alert]) stream.Stream[K, Alert] {
	if changes == nil {
		return cep.Detect(s, detection(c, runs), own...)
	}
	return cep.DetectLive(s, detection(c, runs), cep.Live[Click, Alert]{Changes: *changes, Read: c.readVersion(key)}, own...)
}

// readVersion reads documents for the detection over a key.
func (c Config) readVersion(key string) func([]byte) (cep.Version[Click, Alert], error) {
	states := map[rules.State]cep.State{rules.Active: cep.Active, rules.Shadow: cep.Shadow, rules.Paused: cep.Paused}
	return func(document []byte) (cep.Version[Click, Alert], error) {
		r, err := CheckRule(document)
		if err != nil {
			return cep.Version[Click, Alert]{}, err
		}
		v := cep.Version[Click, Alert]{Number: r.Version, Content: r.Content(), State: states[r.State], From: r.From, Elsewhere: r.Key != key}
		v.Drain, _ = r.Drains()
		r.State = rules.Active // what a shadow finds is kept back further on
		v.Rule = c.ofDocument(r)
		return v, nil
	}
}
