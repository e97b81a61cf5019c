package main

import (
	"fmt"
	"strings"
	"time"
)

// section is what one part has to say.
type section struct {
	title string
	text  string     // what was measured
	table [][]string // head, then rows
	after string     // what follows from it; may be empty
	more  []section  // further tables with texts of their own, without titles
}

func (s section) markdown() string {
	var b strings.Builder
	if s.title != "" {
		fmt.Fprintf(&b, "## %s\n\n", s.title)
	}
	fmt.Fprintf(&b, "%s\n", wrap(s.text))
	for i, row := range s.table {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
	if s.after != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(s.after))
	}
	for _, m := range s.more {
		b.WriteString("\n" + m.markdown())
	}
	return b.String()
}

// report is the file that is written.
type report struct {
	machine  machine
	args     []string
	took     time.Duration
	sections []section
}

func (r *report) add(s section) { r.sections = append(r.sections, s) }

const preface = `# Benchmarks

Written by ` + "`make bench`" + ` (` + "`go run ./bench`" + `); do not edit. One program starts a Kafka of its own, makes the data, runs Tributary and
its peers in turn on the same machine and broker, checks every result for exactness and writes this page. A run with a
wrong result gives no figures. Broker, peer and the measuring program share the machine's cores, so compare figures
within this page and not with those of other machines; CPU time is what other work on the machine disturbs least.
`

func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString(preface)
	for _, s := range r.sections {
		b.WriteString("\n" + s.markdown())
	}
	fmt.Fprintf(&b, "\n## Where and how\n\n%s\nCommand: `go run ./bench%s`, %s.\n", r.machine.markdown(), withSpace(r.args), r.took.Round(time.Second))
	b.WriteString("The peers' programs: [Kafka Streams](../bench/peers/kstreams/README.md), [Flink](../bench/peers/flink/README.md).\n")
	return b.String()
}

// lineWidth is how long lines of text may be, in bytes. Tables are not broken.
const lineWidth = 118

// wrap breaks text between words.
func wrap(text string) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case at+1+len(word) > lineWidth:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}

func withSpace(args []string) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(" " + a)
	}
	return b.String()
}
