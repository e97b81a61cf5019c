package databases

import (
	"os"
	"sync"

	"github.com/tributary-go/tributary/integration/containers"
)

// image is a server in a container. The variable names an image that takes the settings of the official one.
type image struct {
	variable, official string
	port               int
	user               string
	env                map[string]string
	args               []string
	started            string // see containers.Spec
	linesPerStart      int
	kind               kind
}

var mysqlImage = image{
	variable: "MYSQL_IMAGE", official: "mysql:8.0", port: 3306, user: "root", kind: mysqlKind{},
	env: map[string]string{"MYSQL_ROOT_PASSWORD": password},
	args: []string{
		"--server-id=1", "--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-image=FULL", "--binlog-row-metadata=FULL", "--gtid-mode=ON",
		"--enforce-gtid-consistency=ON", "--character-set-server=utf8mb4", "--default-time-zone=+00:00",
	},
	// The server that makes the users says port: 0, and another line has port: 33060.
	started: "port: 3306  MySQL",
}

var mariadbImage = image{
	variable: "MARIADB_IMAGE", official: "mariadb:10.11", port: 3306, user: "root", kind: mysqlKind{},
	env:     map[string]string{"MARIADB_ROOT_PASSWORD": password},
	args:    []string{"--server-id=1", "--log-bin=binlog", "--binlog-format=ROW", "--character-set-server=utf8mb4", "--default-time-zone=+00:00"},
	started: "port: 3306", // as with MySQL; who made it comes next
}

var postgresImage = image{
	variable: "POSTGRES_IMAGE", official: "postgres:15", port: 5432, user: "postgres", kind: postgresKind{},
	env:  map[string]string{"POSTGRES_PASSWORD": password},
	args: []string{"-c", "wal_level=logical", "-c", "timezone=UTC"},
	// The one that makes the database says the same.
	started: "database system is ready to accept connections", linesPerStart: 2,
}

// startContained starts the server in a container that lives until this process ends.
func (s *starter) startContained() (Server, error) {
	port, err := freePort()
	if err != nil {
		return Server{}, err
	}
	name := s.image.official
	if given := os.Getenv(s.image.variable); given != "" {
		name = given
	}
	c, err := containers.Start(containers.Spec{
		Image: name, Env: s.image.env, Args: s.image.args, Port: s.image.port, HostPort: port, Started: s.image.started, LinesPerStart: s.image.linesPerStart,
	})
	if err != nil {
		return Server{}, err
	}
	return Server{Host: "127.0.0.1", Port: port, User: s.image.user, Password: password, kind: s.image.kind, owned: &contained{inner: c}}, nil
}

// contained is a server in a container of this process.
type contained struct {
	inner *containers.Container

	mu   sync.Mutex
	down bool
}

func (c *contained) kill() error {
	err := c.inner.Kill()
	if err == nil {
		c.setDown(true)
	}
	return err
}

func (c *contained) restart() error {
	err := c.inner.Restart()
	if err == nil {
		c.setDown(false)
	}
	return err
}

func (c *contained) setDown(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

func (c *contained) isDown() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down
}
