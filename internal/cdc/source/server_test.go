package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tributary-go/tributary/internal/cdc"
)

func TestThePasswordIsNeverShown(t *testing.T) {
	s := Server{Address: "db:3306", User: "capture", Password: "hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, s); strings.Contains(text, "hunter2") {
			t.Errorf("%s shows it: %s", format, text)
		}
	}
}

func TestThePasswordComesFromAFileToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("p w\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := (Server{PasswordFile: file}).password(); err != nil || p != "p w" {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := (Server{PasswordFile: file, Password: "x"}).password(); err == nil {
		t.Error("two passwords are accepted")
	}
	if _, err := (Server{PasswordFile: file + "x"}).password(); err == nil {
		t.Error("a missing file is no password")
	}
}

func TestSettingsOfTLSWithoutTLSAreAMistake(t *testing.T) {
	if _, err := (TLS{CAFile: "x"}).config("db"); err == nil {
		t.Error("they are ignored")
	}
	if c, err := (TLS{}).config("db"); c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}

// The texts are those of MySQL 8.0.
func TestError1236IsReadByItsText(t *testing.T) {
	for text, want := range map[string]string{
		"Could not find first log file name in binary log index file": afresh,
		"The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has purged binary logs containing GTIDs that the slave requires.":            afresh,
		"Client requested master to start replication from position > file size":                                                                                              rewound,
		"bogus data in log event; the first event 'binlog.000001' at 7, the last event read from 'x' at 124":                                                                  rewound,
		"Slave has more GTIDs than the master has, using the master's SERVER_UUID.":                                                                                           rewound,
		"A slave with the same server_uuid/server_id as this slave has connected to the master":                                                                               "--server-id",
		"log event entry exceeded max_allowed_packet; Increase max_allowed_packet on master; the first event 'binlog.000001' at 4, the last byte read from 'binlog' at 1234.": "max_allowed_packet",
	} {
		err := explain(fmt.Errorf("wrapped: %w", &mysql.MyError{Code: 1236, Message: text}))
		if !errors.Is(err, cdc.ErrStop) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	for _, err := range []error{mysql.ErrBadConn, &mysql.MyError{Code: shutdown}, &mysql.MyError{Code: tooManyConnections}} {
		if err := stopUnlessPassing(explain(err)); errors.Is(err, cdc.ErrStop) {
			t.Errorf("%v stops", err)
		}
	}
	if err := stopUnlessPassing(errors.New("a setting is wrong")); !errors.Is(err, cdc.ErrStop) {
		t.Errorf("%v does not stop", err)
	}
}

func TestAVersionThatCannotBeCapturedIsRefused(t *testing.T) {
	for version, good := range map[string]bool{"8.0.15": true, "8.0.1-dmr": true, "8.4.0": true, "9.1.0": true, "5.7.44-log": false, "8.0.0": false, "10.11.6-MariaDB": false} {
		s := &Source{}
		if err := s.checkVersion(version); (err == nil) != good {
			t.Errorf("%s: %v", version, err)
		}
	}
	old, young := &Source{}, &Source{}
	if old.checkVersion("8.0.35") != nil || young.checkVersion("8.4.2") != nil || old.status == young.status {
		t.Errorf("statements %q and %q", old.status, young.status)
	}
}

func TestADatabaseThatIsNotLoggedIsNoticed(t *testing.T) {
	for _, c := range []struct {
		only, ignored string
		want          bool
	}{
		{"", "", true}, {"shop", "", true}, {"a,shop", "", true}, {"a,b", "", false}, {"", "a", true}, {"", "a,shop", false},
	} {
		if got := logged(c.only, c.ignored, "shop"); got != c.want {
			t.Errorf("only %q, ignored %q: %t", c.only, c.ignored, got)
		}
	}
}
