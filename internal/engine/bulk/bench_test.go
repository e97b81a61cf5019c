package bulk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// 200,000 changes of 85,000 keys with values of 13 bytes.
func BenchmarkBuild(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var keys, values [][]byte
	for range 200_000 {
		keys = append(keys, fmt.Appendf(nil, "u%d", r.IntN(85_000)))
		values = append(values, fmt.Appendf(nil, "%013d", r.Int64N(1e13)))
	}
	o := &opt.Options{Filter: filter.NewBloomFilter(10)}
	dir := b.TempDir()
	n := 0
	for b.Loop() {
		n++
		x, err := New(fmt.Sprint(dir, "/", n), o, 64<<20)
		if err != nil {
			b.Fatal(err)
		}
		for i := range keys {
			if err := x.Put(keys[i], values[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := x.Finish(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(27 * 200_000)
}
