package faults

import (
	"os"
	"os/exec"

	"github.com/tributary-go/tributary/integration/brokers"
)

// missing says why a need can't be met here; "": it can.
func missing(n Need, c brokers.Cluster) string {
	switch n {
	case OwnBrokers:
		if len(c.IDs()) == 0 {
			return "set TRIBUTARY_KAFKA to local, local3, containers or containers3"
		}
	case ThreeBrokers:
		if len(c.IDs()) < 3 {
			return "set TRIBUTARY_KAFKA to local3 or containers3"
		}
	case Proxy:
		if len(c.Hops()) == 0 {
			return "set TRIBUTARY_KAFKA to local or local3"
		}
	case Root:
		if os.Getuid() != 0 {
			return "this is user " + os.Getenv("USER")
		}
	case History:
		if err := exec.Command("git", "rev-parse", "--verify", "--quiet", earlier()+"^{commit}").Run(); err != nil {
			return "commit " + earlier() + " is not here; TRIBUTARY_UPGRADE_FROM may name another"
		}
	}
	return ""
}
