package eostest

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/exactlyonce"
)

// Run is a script and the load under which it is played.
type Run struct {
	Script     Script
	Partitions int32 // of every topic
	Keys       int   // different ones
	Rate       int   // records of input per second
	Session    time.Duration
	// Transaction is how long the open transaction of a process that was killed holds readers back, unless it is
	// started again. 0: the engine's default.
	Transaction time.Duration
}

// Play plays the script, on topics of its own, and returns what it has left behind. The input goes on until the last
// instance has ended, so that offsets and results must fit together wherever they stand.
func (x Run) Play(t testing.TB, c brokers.Cluster, r *rand.Rand) Left {
	t.Helper()
	topics := Topics{brokers.Unique(t, "eos")}
	c.CreateTopic(t, topics.Data(), x.Partitions, nil)
	s := &stage{t: t, cluster: c, instances: x.instances(t, c, topics), progress: watch(t, c, topics), patience: 2 * time.Minute, fresh: map[byte]string{}}
	feed := Feed{topics.Data(), x.Partitions, x.Keys, x.Rate, rand.New(rand.NewPCG(r.Uint64(), 1))}
	enough, stop := context.WithCancel(t.Context())
	defer stop()
	fed := exactlyonce.Background(t, func(context.Context) error { return feed.Run(enough, c) })
	began := time.Now()
	s.play(x.Script, began)
	stop()
	fed()
	t.Logf("%6.1fs the input has ended", time.Since(began).Seconds())
	left := Collect(t, c, topics, x.Partitions)
	t.Logf("%6.1fs all is read", time.Since(began).Seconds())
	return left
}

func (x Run) instances(t testing.TB, c brokers.Cluster, topics Topics) map[byte]*exactlyonce.Instance {
	binary := exactlyonce.Build(t, "integration/eostest/cmd/eostest")
	m := map[byte]*exactlyonce.Instance{}
	for _, name := range "abc" {
		m[byte(name)] = exactlyonce.NewProcess(t, binary, topics.Name, string(name), "--brokers", strings.Join(c.Brokers(), ","),
			"--name", topics.Name, "--session", x.Session.String(), "--transaction", x.Transaction.String())
	}
	return m
}
