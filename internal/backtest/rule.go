package backtest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/topologies/clickalerts"
)

// ReadRule reads a rule from a file. The error joins its mistakes, each with the file's name.
func ReadRule(file string) (Rule, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return Rule{}, fmt.Errorf("read a rule: %w", err)
	}
	r, err := clickalerts.ReadRule(b)
	return r, named(file, err)
}

// ReadRules reads files, of which no two may be the same version of a rule. The error joins all mistakes.
func ReadRules(files []string) (rs []Rule, err error) {
	var mistakes []error
	seen := map[string]string{}
	for _, file := range files {
		r, err := ReadRule(file)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		id := fmt.Sprintf("%s version %d", r.Name, r.Version)
		if seen[id] != "" {
			mistakes = append(mistakes, fmt.Errorf("%s: it is rule %s, and so is %s", file, id, seen[id]))
		}
		seen[id], rs = file, append(rs, r)
	}
	return rs, errors.Join(mistakes...)
}

// Builtin is the rule of a name among those that the processor has.
func Builtin(name string) (Rule, error) {
	all := clickalerts.Documents()
	b, ok := all[name]
	if !ok {
		return Rule{}, fmt.Errorf("there is no built-in rule %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	return clickalerts.ReadRule(b)
}

// named puts the file before each mistake.
func named(file string, err error) error {
	var many interface{ Unwrap() []error }
	if err == nil || !errors.As(err, &many) {
		return prefix(file, err)
	}
	var all []error
	for _, e := range flat(err) {
		all = append(all, prefix(file, e))
	}
	return errors.Join(all...)
}

func prefix(file string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", file, err)
}

// flat lists what is joined, line by line of the text.
func flat(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, flat(e)...)
	}
	return all
}

// Title names the rule as reports do.
func Title(r Rule) string { return title(r) }
