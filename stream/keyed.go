package stream

import "github.com/tributary-go/tributary/internal/task"

// ToKeyed writes a stream to a topic, each record under the key that key makes of it. An error, or a key that
// can't be one, makes the record a dead letter.
func ToKeyed[K, K2 Key, V any](s Stream[K, V], dst Topic[K2, V], key func(V) (K2, error)) {
	for _, n := range s.nodes {
		x := n.t.topic(dst.plan(task.Result))
		g := n.home()
		g.writes(x)
		n.attach(g, "to "+x.Name+", under another key", func(c *task.Context, _ K, v V) error {
			k, err := key(v)
			if err != nil {
				return err
			}
			return emit(c, x, k, dst.Codec, v)
		})
	}
}
