package client

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// SASL says how the client proves who it is.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. Empty: no authentication. PLAIN sends the password as it is:
	// use it with TLS.
	Mechanism string
	// User must be given with a mechanism.
	User string
	// Password, or PasswordFile, but not both. It appears in no error and no printed form.
	Password string `json:"-"`
	// PasswordFile holds the password; trailing line ends are cut off. It is read for each configuration.
	PasswordFile string
}

// String names the mechanism and the user, never the password.
func (s SASL) String() string {
	if s.Mechanism == "" {
		return "none"
	}
	return s.Mechanism + " as " + s.User
}

// GoString keeps the password out of %#v too.
func (s SASL) GoString() string { return "client.SASL{" + s.String() + "}" }

func (s SASL) check() error {
	if s.Mechanism == "" {
		if s != (SASL{}) {
			return errors.New("SASL settings are given without a mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
		}
		return nil
	}
	var errs []error
	switch s.Mechanism {
	case sarama.SASLTypePlaintext, sarama.SASLTypeSCRAMSHA256, sarama.SASLTypeSCRAMSHA512:
	default:
		errs = append(errs, fmt.Errorf("unknown SASL mechanism %q: use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", s.Mechanism))
	}
	if s.User == "" {
		errs = append(errs, fmt.Errorf("SASL %s needs a user", s.Mechanism))
	}
	_, err := s.password()
	return errors.Join(append(errs, err)...)
}

func (s SASL) password() (string, error) {
	switch {
	case s.Password != "" && s.PasswordFile != "":
		return "", errors.New("a SASL password and a SASL password file are given: keep one")
	case s.Password != "":
		return s.Password, nil
	case s.PasswordFile == "":
		return "", fmt.Errorf("SASL %s needs a password or a password file", s.Mechanism)
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the SASL password file: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("SASL password file %s is empty", s.PasswordFile)
	}
	return password, nil
}

func (s SASL) apply(conf *sarama.Config) error {
	if s.Mechanism == "" {
		return nil
	}
	password, err := s.password()
	if err != nil {
		return err
	}
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Mechanism = sarama.SASLMechanism(s.Mechanism)
	conf.Net.SASL.User, conf.Net.SASL.Password = s.User, password
	switch s.Mechanism {
	case sarama.SASLTypeSCRAMSHA256:
		conf.Net.SASL.SCRAMClientGeneratorFunc = newSCRAM(scram.SHA256)
	case sarama.SASLTypeSCRAMSHA512:
		conf.Net.SASL.SCRAMClientGeneratorFunc = newSCRAM(scram.SHA512)
	}
	return nil
}

// scramClient is one SCRAM conversation (RFC 5802) behind sarama's interface.
type scramClient struct {
	hash scram.HashGeneratorFcn
	*scram.ClientConversation
}

func newSCRAM(hash scram.HashGeneratorFcn) func() sarama.SCRAMClient {
	return func() sarama.SCRAMClient { return &scramClient{hash: hash} }
}

// Begin starts a conversation. Its errors come from the preparation of user and password (RFC 4013) and may quote them,
// so only the kind of failure is passed on.
func (c *scramClient) Begin(user, password, authzID string) error {
	client, err := c.hash.NewClient(user, password, authzID)
	if err != nil {
		return errors.New("the SASL user or password holds characters that SCRAM does not allow")
	}
	c.ClientConversation = client.NewConversation()
	return nil
}
