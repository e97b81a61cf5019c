package golden

import (
	"github.com/tributary-go/tributary/internal/task"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
)

// Memory runs topologies with the driver of package streamtest.
type Memory struct{}

// Name implements Engine.
func (Memory) Name() string { return "memory" }

// Run implements Engine.
func (Memory) Run(t TB, topology *stream.Topology, inputs []Input, o Options) Output {
	t.Helper()
	opts := []streamtest.Option{streamtest.Partitions(o.Partitions), streamtest.MaxAhead(0), streamtest.Start(o.Start), streamtest.CommitEvery(64)}
	for _, x := range topology.Plan().Topics {
		if x.Kind == task.External {
			opts = append(opts, streamtest.InputPartitions(x.Name, o.Partitions))
		}
	}
	d := streamtest.New(t, topology, opts...)
	for _, in := range inputs {
		var key []byte
		if in.Key != "" {
			key = []byte(in.Key)
		}
		d.SendRaw(in.Topic, -1, key, in.Value)
	}
	for _, in := range o.Waiting {
		d.SendRaw(in.Topic, -1, []byte(in.Key), in.Value)
	}
	d.Run()
	return collect(t, d, topology)
}

func collect(t TB, d *streamtest.Driver, topology *stream.Topology) Output {
	out := Output{Tables: map[string]map[string][]byte{}, State: map[string]map[string][]byte{}}
	for _, x := range topology.Plan().Topics {
		if x.Kind != task.Result || !x.Compacted {
			continue
		}
		rows := map[string][]byte{}
		for _, r := range d.ReadRaw(x.Name) {
			rows[string(r.Key)] = r.Value
			if r.Value == nil {
				delete(rows, string(r.Key))
			}
		}
		out.Tables[x.Name] = rows
	}
	for _, g := range topology.Plan().Groups {
		if g.Table == nil {
			continue
		}
		s := newState(g.Table)
		for _, r := range d.ReadRaw(g.Table.Topic()) {
			if err := s.apply(r.Key, r.Value); err != nil {
				t.Errorf("%v", err)
			}
		}
		out.State[g.Table.Name] = s.rows
	}
	for _, l := range d.DeadLetters() {
		out.DeadLetters = append(out.DeadLetters, DeadLetter{l.Topic, l.Value, l.Reason})
	}
	return out
}
