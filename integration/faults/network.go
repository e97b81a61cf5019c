package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// network are the faults of the network between processes and brokers. Brokers reach each other past the proxies.
func network() []Fault {
	n := &proxies{of: map[*Stage][]*toxiproxy.Proxy{}}
	fault := func(name, about string, inject func(context.Context, *Stage, *toxiproxy.Proxy) error) Fault {
		return Fault{Name: name, About: about, Needs: Proxy, Prepare: n.prepare, Inject: func(ctx context.Context, s *Stage) error {
			all := n.stage(s)
			return inject(ctx, s, all[s.Rand.IntN(len(all))])
		}}
	}
	return []Fault{
		fault("broker unreachable", "connections to one broker break and none can be made, for up to 12 s", unreachable),
		fault("broker silent", "what is sent to one broker and by it vanishes, and connections stay open, for up to 12 s", during(toxic{Type: "timeout"}, 12*time.Second)),
		fault("broker slow", "each way to one broker and back takes 150 to 450 ms, for up to 6 s", during(toxic{Type: "latency", Attributes: map[string]int{"latency": 300, "jitter": 150}}, 6*time.Second)),
		fault("connections reset", "all connections to one broker are reset, three times in a row", reset3),
	}
}

// proxies stand between the processes of a cell and its brokers.
type proxies struct {
	mu sync.Mutex
	of map[*Stage][]*toxiproxy.Proxy
}

func (n *proxies) stage(s *Stage) []*toxiproxy.Proxy {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.of[s]
}

// prepare brings the processes behind proxies.
func (n *proxies) prepare(_ context.Context, s *Stage) error {
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log)
	var all []*toxiproxy.Proxy
	s.Brokers = nil
	for i, hop := range s.Cluster.Hops() {
		p := toxiproxy.NewProxy(server, fmt.Sprint("broker ", i+1), hop.Proxy, hop.Broker)
		if err := p.Start(); err != nil {
			return fmt.Errorf("start a proxy at %s: %w", hop.Proxy, err)
		}
		s.T.Cleanup(p.Stop)
		all = append(all, p)
		s.Brokers = append(s.Brokers, hop.Proxy)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of[s] = all
	return nil
}

func unreachable(ctx context.Context, s *Stage, p *toxiproxy.Proxy) error {
	s.Logf("%s can't be reached", p.Name)
	p.Stop()
	err := s.WaitUpTo(ctx, 12*time.Second)
	if startErr := p.Start(); startErr != nil {
		return startErr
	}
	return err
}

func reset3(ctx context.Context, s *Stage, p *toxiproxy.Proxy) error {
	for range 3 {
		s.Logf("connections to %s are reset", p.Name)
		p.Stop() // closes them
		if err := p.Start(); err != nil {
			return err
		}
		if err := s.WaitUpTo(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// toxic is what toxiproxy is told in JSON.
type toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"` // upstream: what the processes send; downstream: what the broker sends
	Attributes map[string]int `json:"attributes"`
}

// during puts something on both ways for a random time.
func during(x toxic, longest time.Duration) func(context.Context, *Stage, *toxiproxy.Proxy) error {
	return func(ctx context.Context, s *Stage, p *toxiproxy.Proxy) error {
		s.Logf("%s: %s", p.Name, x.Type)
		for _, way := range []string{"upstream", "downstream"} {
			x.Name, x.Stream = way, way
			b, err := json.Marshal(x)
			if err == nil {
				_, err = p.Toxics.AddToxicJson(bytes.NewReader(b))
			}
			if err != nil {
				return fmt.Errorf("put %s on %s: %w", x.Type, p.Name, err)
			}
		}
		err := s.WaitUpTo(ctx, longest)
		p.Toxics.ResetToxics(context.WithoutCancel(ctx))
		return err
	}
}
