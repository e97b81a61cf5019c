// Package containers gives tests servers in containers, which live until the test process ends, however it ends.
package containers

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// startWithin bounds a start, without the time for pulling an image.
const startWithin = 3 * time.Minute

// Spec says what is started.
type Spec struct {
	Image string
	// Env may be nil.
	Env map[string]string
	// Args are the container's command. Nil: the image's.
	Args []string
	// Port is the one that the server listens on; it is HostPort at 127.0.0.1.
	Port, HostPort int
	// Network is one of NewNetwork, in which the container is called Alias. Empty: Docker's default.
	Network, Alias string
	// Started is a line that the server logs whenever it is ready.
	Started string
	// LinesPerStart is how often the line comes until the very first start is over, and once later. 0: 1.
	LinesPerStart int
}

// Container is a server that runs, or was killed.
type Container struct {
	inner   testcontainers.Container
	docker  *testcontainers.DockerClient
	started string

	mu    sync.Mutex
	lines int // of the log that say "started", so far
}

// Start starts a container and waits until its server is ready.
func Start(s Spec) (*Container, error) {
	if err := guard(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*startWithin)
	defer cancel()
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("reach Docker: %w", err)
	}
	inner, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{Started: true, ContainerRequest: s.request()})
	if err != nil {
		return nil, fmt.Errorf("start a container of %s: %w", s.Image, err)
	}
	c := &Container{inner: inner, docker: docker, started: s.Started, lines: max(1, s.LinesPerStart) - 1}
	return c, c.await(ctx)
}

func (s Spec) request() testcontainers.ContainerRequest {
	port := network.MustParsePort(fmt.Sprintf("%d/tcp", s.Port))
	r := testcontainers.ContainerRequest{
		Image: s.Image, Env: s.Env, Cmd: s.Args, Labels: labels(), ExposedPorts: []string{port.String()},
		HostConfigModifier: func(h *container.HostConfig) {
			h.PortBindings = network.PortMap{port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(s.HostPort)}}}
		},
	}
	if s.Network != "" {
		r.Networks, r.NetworkAliases = []string{s.Network}, map[string][]string{s.Network: {s.Alias}}
	}
	return r
}

// await waits until the log says "started" once more.
func (c *Container) await(ctx context.Context) error {
	c.mu.Lock()
	c.lines++
	lines := c.lines
	c.mu.Unlock()
	ready := wait.ForLog(c.started).WithOccurrence(lines).WithStartupTimeout(startWithin).WithPollInterval(100 * time.Millisecond)
	if err := ready.WaitUntilReady(ctx, c.inner); err != nil {
		return fmt.Errorf("container %.12s does not become ready: %w; docker logs has more", c.inner.GetContainerID(), err)
	}
	return nil
}

// Kill ends the server with SIGKILL. Its data stays.
func (c *Container) Kill() error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	id := c.inner.GetContainerID()
	if _, err := c.docker.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		return err
	}
	waited := c.docker.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case <-waited.Result:
		return nil
	case err := <-waited.Error:
		return err
	}
}

// Restart starts the server again, stopping it first if it runs, and waits until it is ready.
func (c *Container) Restart() error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	if _, err := c.docker.ContainerRestart(ctx, c.inner.GetContainerID(), client.ContainerRestartOptions{}); err != nil {
		return err
	}
	return c.await(ctx)
}
