package balance

import "testing"

// Members of other programs may send anything with their subscription.
func FuzzMemory(f *testing.F) {
	b, err := memory{Instance: "orders-a", Generation: 7, Partitions: []int32{0, 3}}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := decode(b)
		if !ok {
			return
		}
		once, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, ok := decode(once); !ok || again.Instance != m.Instance || again.Generation != m.Generation || len(again.Partitions) != len(m.Partitions) {
			t.Errorf("%s: %+v became %+v", b, m, again)
		}
	})
}
