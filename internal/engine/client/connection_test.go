package client

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

const secret = "pa55word"

func secured() Connection {
	return Connection{
		Brokers: []string{"kafka-1:9092"},
		SASL:    SASL{Mechanism: "SCRAM-SHA-512", User: "orders", Password: secret},
	}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

func TestAllMistakesInAConnectionAreReportedAtOnce(t *testing.T) {
	err := Connection{
		Brokers: []string{"kafka", "kafka:0", "kafka:70000", ":9092"},
		TLS:     TLS{Enable: true, CAFile: "/no/such/file", CertFile: "only.pem"},
		SASL:    SASL{Mechanism: "GSSAPI"},
	}.Check()
	wantError(t, err, `"kafka" is not host:port`, `"kafka:0"`, `"kafka:70000"`, `":9092"`, "/no/such/file",
		"both a certificate file and a key file", `unknown SASL mechanism "GSSAPI"`, "needs a user", "needs a password")
}

func TestMistakesInAConnection(t *testing.T) {
	good := []string{"kafka:9092"}
	for want, c := range map[string]Connection{
		"no broker address":        {},
		"TLS is not enabled":       {Brokers: good, TLS: TLS{CAFile: "ca.pem"}},
		"holds no PEM certificate": {Brokers: good, TLS: TLS{Enable: true, CAFile: file(t, "nonsense")}},
		"load the TLS client":      {Brokers: good, TLS: TLS{Enable: true, CertFile: file(t, "x"), KeyFile: file(t, "y")}},
		"without a mechanism":      {Brokers: good, SASL: SASL{User: "orders"}},
		"keep one":                 {Brokers: good, SASL: SASL{Mechanism: "PLAIN", User: "u", Password: "p", PasswordFile: "f"}},
		"is empty":                 {Brokers: good, SASL: SASL{Mechanism: "PLAIN", User: "u", PasswordFile: file(t, "\n")}},
		"read the SASL password":   {Brokers: good, SASL: SASL{Mechanism: "PLAIN", User: "u", PasswordFile: "/no/such/file"}},
	} {
		wantError(t, c.Check(), want)
		if _, err := c.Config(); err == nil {
			t.Errorf("%s: a configuration was made", want)
		}
	}
}

func TestAPasswordIsNeverShown(t *testing.T) {
	c := secured()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range []any{c, &c, c.SASL, &c.SASL, struct{ C Connection }{c}} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, secret) {
				t.Errorf("%s of %T shows it: %s", format, value, text)
			}
		}
	}
	if text, err := json.Marshal(c); err != nil || strings.Contains(string(text), secret) {
		t.Errorf("JSON shows it: %s (%v)", text, err)
	}
	if text := c.String(); text != "kafka-1:9092 SASL SCRAM-SHA-512 as orders" {
		t.Errorf("the connection reads %q", text)
	}
	c.Brokers, c.SASL.Mechanism, c.SASL.PasswordFile = nil, "WRONG", "f"
	if err := c.Check(); strings.Contains(err.Error(), secret) {
		t.Errorf("an error shows it: %v", err)
	}
	c = secured()
	c.SASL.Password = secret + "\u0007" // SCRAM forbids control characters
	if err := newScramFor(t, c).Begin("orders", c.SASL.Password, ""); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("SCRAM's error for a forbidden character: %v", err)
	}
}

func newScramFor(t *testing.T, c Connection) sarama.SCRAMClient {
	t.Helper()
	s := sarama.NewConfig()
	if err := c.SASL.apply(s); err != nil {
		t.Fatal(err)
	}
	return s.Net.SASL.SCRAMClientGeneratorFunc()
}

func TestAPasswordFileIsReadWithoutItsLineEnd(t *testing.T) {
	c := secured()
	c.SASL.Password, c.SASL.PasswordFile = "", file(t, " with spaces \r\n")
	s, err := c.Config()
	if err != nil || s.Net.SASL.Password != " with spaces " {
		t.Fatalf("the password is %q (%v)", s.Net.SASL.Password, err)
	}
}

func TestAConfigurationIsFreshAndReadyForTransactions(t *testing.T) {
	c := Connection{Brokers: []string{"kafka:9092"}}
	first, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	first.Producer.Transaction.ID = "changed"
	first.Metadata.Retry.Max = 0
	second, err := c.Config()
	if err != nil || second == first || second.Producer.Transaction.ID != "" || second.Metadata.Retry.Max != 60 {
		t.Fatalf("the second one is not fresh (%v)", err)
	}
	if err := first.Validate(); err != nil {
		t.Errorf("not ready for a transactional producer: %v", err)
	}
	for what, ok := range map[string]bool{
		"read committed":            second.Consumer.IsolationLevel == sarama.ReadCommitted,
		"no auto-commit":            !second.Consumer.Offsets.AutoCommit.Enable,
		"from the oldest":           second.Consumer.Offsets.Initial == sarama.OffsetOldest,
		"acks from all":             second.Producer.RequiredAcks == sarama.WaitForAll,
		"idempotent":                second.Producer.Idempotent,
		"no flush timer":            second.Producer.Flush.Frequency == 0,
		"no topics by accident":     !second.Metadata.AllowAutoTopicCreation,
		"rebalance below read time": second.Consumer.Group.Rebalance.Timeout < second.Net.ReadTimeout,
		"3.0 or newer":              second.Version.IsAtLeast(sarama.V3_0_0_0),
		"client id":                 second.ClientID == "tributary",
	} {
		if !ok {
			t.Errorf("the configuration misses: %s", what)
		}
	}
}

func TestTransactionRetriesWaitFromTwoToAHundredMilliseconds(t *testing.T) {
	if first, last := transactionBackoff(0, 600), transactionBackoff(600, 600); first.Milliseconds() != 2 || last.Milliseconds() != 100 {
		t.Errorf("the first waits %s, the last %s", first, last)
	}
}
