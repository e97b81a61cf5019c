package stream

import (
	"fmt"
	"strings"

	"github.com/tributary-go/tributary/internal/task"
)

// Describe is the topology as text: its topics, and group by group what flows where.
func (t *Topology) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "topology %s\n\ntopics\n", t.name)
	for _, x := range append(t.topics[:len(t.topics):len(t.topics)], t.dead) {
		fmt.Fprintf(&b, "  %-40s %s\n", x.Name, topicNote(x))
	}
	for _, g := range t.groups {
		fmt.Fprintf(&b, "\ngroup %s\n", g.Name)
		if g.Table != nil {
			fmt.Fprintf(&b, "  table %s, row version %d, retained for %s\n", g.Table.Topic(), g.Table.Version, span(g.Table.Retain))
		}
		for _, s := range g.steps {
			s.write(&b, "  ")
		}
	}
	return b.String()
}

func (s *step) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s\n", indent, s.text)
	for _, n := range s.next {
		n.write(b, indent+"  ")
	}
}

func topicNote(x *task.Topic) string {
	note := x.Kind.String()
	if x.Compacted {
		note += ", compacted"
	}
	if x.OutOfOrder > 0 {
		note += ", out of order by " + x.OutOfOrder.String()
	}
	if x.Advance > 0 {
		note += ", goes on by " + x.Advance.String() + " without records"
	}
	if x.Global {
		note += ", held in whole by every instance"
	}
	if x.Bootstrap {
		note += ", bootstrapped"
	}
	return note
}

// Mermaid is the topology as a Mermaid flow chart: topics, groups and tables.
func (t *Topology) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	id := func(name string) string { return strings.NewReplacer("-", "_", ".", "_").Replace(name) }
	for _, x := range t.topics {
		fmt.Fprintf(&b, "  t_%s([\"%s<br/>%s\"])\n", id(x.Name), x.Name, x.Kind)
	}
	for _, g := range t.groups {
		fmt.Fprintf(&b, "  g_%s[\"%s\"]\n", id(g.Name), g.Name)
		if g.Table != nil {
			fmt.Fprintf(&b, "  s_%s[(\"%s\")]\n  g_%s --- s_%s\n", id(g.Name), g.Table.Topic(), id(g.Name), id(g.Name))
		}
		for _, in := range g.Inputs {
			fmt.Fprintf(&b, "  t_%s --> g_%s\n", id(in.Topic.Name), id(g.Name))
		}
		for _, x := range g.Globals {
			fmt.Fprintf(&b, "  t_%s -.-> g_%s\n", id(x.Name), id(g.Name))
		}
		for _, x := range g.Outputs {
			fmt.Fprintf(&b, "  g_%s --> t_%s\n", id(g.Name), id(x.Name))
		}
	}
	return b.String()
}
