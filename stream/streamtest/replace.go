package streamtest

import "github.com/tributary-go/tributary/stream"

// Replace stops the program as a crash would and starts another version of it, over what was committed: topics,
// and tables and positions of groups of the same name. Options change what they name.
func (d *Driver) Replace(t *stream.Topology, opts ...Option) {
	d.tb.Helper()
	if t.Plan() == nil {
		d.tb.Fatalf("topology %s was not built: call Build first", t.Name())
		return
	}
	before := d.groups
	d.plan, d.groups = t.Plan(), nil
	for _, g := range d.plan.Groups {
		now := &group{Group: g, stores: map[int32]*store{}}
		for _, old := range before {
			if old.Name == g.Name {
				now.stores, now.commits, now.metas = old.stores, old.commits, old.metas
			}
		}
		d.groups = append(d.groups, now)
	}
	d.Restart(opts...)
}
