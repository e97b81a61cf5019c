package eostest_test

import (
	"os"
	"testing"
	"time"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/eostest"
	"github.com/tributary-go/tributary/integration/kills"
)

// Each of Kafka's scripts in short: instances join, leave and are killed.
const short = eostest.Script("+a +b +c -a +a !b+b !c !a+c+a -a -c -b")

func TestResultsAreThoseOfTheCommittedInputWhenInstancesComeAndGo(t *testing.T) {
	prove(t, brokers.Embedded(t), eostest.Run{Script: short, Partitions: 4, Keys: 2_000, Rate: 1_500, Session: time.Second, Transaction: 3 * time.Second})
}

// On three brokers all topics have three replicas, of which two must be in sync.
// TRIBUTARY_LONG=1: all scripts, one after the other, and those in which brokers die if there are three.
func TestResultsAreThoseOfTheCommittedInputOnKafka(t *testing.T) {
	c := brokers.Real(t)
	scripts := map[string]eostest.Script{"short": short}
	if os.Getenv("TRIBUTARY_LONG") != "" {
		scripts = map[string]eostest.Script{"rebalance": eostest.Rebalance, "failure": eostest.Failure, "together": eostest.Together}
		if len(c.IDs()) > 2 {
			scripts["brokers"] = eostest.Brokers
		}
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			prove(t, c, eostest.Run{Script: script, Partitions: 6, Keys: 20_000, Rate: 1_500, Session: 6 * time.Second})
		})
	}
}

func prove(t *testing.T, c brokers.Cluster, x eostest.Run) {
	began := time.Now()
	report := eostest.Verify(x.Play(t, c, kills.Seed(t)))
	t.Logf("%s in %s: %v", x.Script, time.Since(began).Round(time.Millisecond), report)
	if !report.Exact() {
		t.Error("not exactly once")
	}
	if report.Records < 5*x.Rate {
		t.Error("there was too little to prove")
	}
}
