package capture_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/brokers"
	"github.com/tributary-go/tributary/integration/capture"
	"github.com/tributary-go/tributary/integration/databases"
	"github.com/tributary-go/tributary/internal/cdc"
	"github.com/tributary-go/tributary/internal/cdc/copier"
)

// refused starts a capture and demands an error that stops it and says all of this.
func refused(t *testing.T, b *capture.Bench, c copier.Config, wants ...string) {
	t.Helper()
	err := b.Start(c).Fails()
	if !errors.Is(err, cdc.ErrStop) {
		t.Errorf("the capture would try again after: %v", err)
	}
	for _, want := range wants {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if password := c.Source.Server.Password; len(password) > 3 && err != nil && strings.Contains(err.Error(), password) {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestAWrongPasswordIsSaidAndNotShown(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	c := b.Config()
	c.Source.Server.Password = "not the password"
	refused(t, b, c, "Access denied for user", "the server refuses the user or the password")
}

func TestAMissingPrivilegeIsNamedWithItsGrant(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	user := "u_" + b.Database[len(b.Database)-8:]
	b.Exec(fmt.Sprintf("CREATE USER %s IDENTIFIED BY 'secret'", user))
	t.Cleanup(func() { b.Exec("DROP USER " + user) })
	c := b.Config()
	c.Source.Server.User, c.Source.Server.Password = user, "secret"
	b.Exec(fmt.Sprintf("GRANT SELECT ON %s.* TO %s", b.Database, user))
	refused(t, b, c, "GRANT REPLICATION SLAVE ON *.* TO '"+user+"'@'%'")
	b.Exec(fmt.Sprintf("GRANT REPLICATION SLAVE ON *.* TO %s", user), fmt.Sprintf("REVOKE SELECT ON %s.* FROM %s", b.Database, user))
	refused(t, b, c, "GRANT SELECT ON `"+b.Database+"`.`click_stream`")
	b.Exec(fmt.Sprintf("GRANT SELECT (id, price) ON %s.click_stream TO %s", b.Database, user))
	refused(t, b, c, "column eventTime: the table has none of this name")
	b.Exec(fmt.Sprintf("GRANT SELECT ON %s.* TO %s", b.Database, user)) // no privilege to write or to lock
	b.Fill(0, 500)
	r := b.Start(c)
	b.AwaitSnapshot()
	b.Fill(500, 500)
	b.AwaitEqual(clickQuery)
	r.Stop()
}

func TestSettingsOfTheServerThatDoNotFitAreNamedTogether(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	b.Exec(clickTable)
	for name, value := range map[string]string{"binlog_row_metadata": "MINIMAL", "binlog_format": "MIXED", "binlog_row_image": "NOBLOB"} {
		before := b.MySQL.Query(t, "", "SELECT @@GLOBAL."+name)[0][0]
		b.Exec(fmt.Sprintf("SET GLOBAL %s = '%s'", name, value))
		t.Cleanup(func() { b.Exec(fmt.Sprintf("SET GLOBAL %s = '%s'", name, before)) })
	}
	refused(t, b, b.Config(), "binlog_row_metadata is MINIMAL: SET PERSIST binlog_row_metadata = 'FULL'",
		"binlog_format is MIXED: SET PERSIST binlog_format = 'ROW'", "binlog_row_image is NOBLOB: SET PERSIST binlog_row_image = 'FULL'")
}

func TestABinaryLogThatIsOffIsSaid(t *testing.T) {
	b := capture.NewBenchOn(t, brokers.Embedded(t), databases.MySQLWithoutLog(t), clickCapture)
	b.Exec(clickTable)
	refused(t, b, b.Config(), "log_bin", "start the server with log_bin (and without skip_log_bin)")
}

func TestATableThatCannotBeCapturedIsRefusedWithTheReason(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), "")
	b.Exec("CREATE TABLE keyless (a INT)", "CREATE TABLE isam (a INT PRIMARY KEY) ENGINE=MyISAM",
		"CREATE TABLE chinese (a INT PRIMARY KEY, name VARCHAR(20) CHARACTER SET gbk, place GEOMETRY)",
		"CREATE TABLE loose (a INT PRIMARY KEY, b INT, c INT NOT NULL, d INT NOT NULL, UNIQUE (b), UNIQUE (d))",
		"CREATE TABLE child (a INT PRIMARY KEY, l INT, CONSTRAINT falls FOREIGN KEY (l) REFERENCES loose (a) ON DELETE CASCADE)",
		"CREATE TABLE enumerated (a ENUM('x','y') PRIMARY KEY)", "CREATE VIEW seen AS SELECT * FROM loose")
	for _, c := range []struct{ definition, want string }{
		{`{"table": "keyless", "topic": "TOPIC"}`, "the table has no primary key"},
		{`{"table": "isam", "topic": "TOPIC"}`, "a consistent reading needs InnoDB"},
		{`{"table": "chinese", "topic": "TOPIC"}`, "column name has the character set gbk"},
		{`{"table": "chinese", "topic": "TOPIC", "columns": [{"column": "place"}]}`, "column place is of type geometry"},
		{`{"table": "loose", "topic": "TOPIC", "key": [{"column": "b"}]}`, "column b is part of the key and may be null"},
		{`{"table": "loose", "topic": "TOPIC", "key": [{"column": "c"}]}`, "the key [c] holds no unique index"},
		{`{"table": "loose", "topic": "TOPIC", "columns": [{"column": "e"}]}`, "column e: the table has none of this name"},
		{`{"table": "child", "topic": "TOPIC"}`, "the foreign keys [falls] change rows of the table when others change"},
		{`{"table": "enumerated", "topic": "TOPIC"}`, "the primary key holds a"},
		{`{"table": "seen", "topic": "TOPIC"}`, "is a VIEW"},
		{`{"table": "nowhere", "topic": "TOPIC"}`, "there is no table"},
	} {
		b.Define(c.definition)
		refused(t, b, b.Config(), c.want)
	}
}

func TestAnotherUniqueIndexMayBeTheKey(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), `{"table": "people", "topic": "TOPIC", "key": [{"column": "mail"}], "columns": [{"column": "id", "as": "text"}]}`)
	const query = `SELECT CONCAT('{"mail":', JSON_QUOTE(mail), '}'), CONCAT('{"id":"', id, '"}') FROM people`
	b.Exec("CREATE TABLE people (id INT, part VARCHAR(9), mail VARCHAR(50) NOT NULL UNIQUE, PRIMARY KEY (id, part))")
	for i := range 250 {
		b.Exec(fmt.Sprintf("INSERT INTO people VALUES (%d, 'p%d', 'm%d@x')", i/7, i%7, i))
	}
	r := b.Start(b.Config())
	b.AwaitSnapshot()
	b.Exec("UPDATE people SET mail = 'z@x' WHERE mail = 'm7@x'", "UPDATE people SET mail = 'm7@x' WHERE mail = 'm8@x'", "UPDATE people SET id = 999 WHERE mail = 'm9@x'")
	b.AwaitEqual(query)
	r.Stop()
}

func TestTextKeysAreReadInTheOrderOfTheirCollation(t *testing.T) {
	for _, column := range []string{
		"VARCHAR(20)", "VARCHAR(20) CHARACTER SET latin1", "VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_bin", "VARBINARY(20)", "DATETIME(3)", "DECIMAL(20,4)",
	} {
		t.Run(column, func(t *testing.T) {
			b := capture.NewBench(t, brokers.Embedded(t), `{"table": "texts", "topic": "TOPIC", "columns": [{"column": "v"}]}`)
			b.Exec("CREATE TABLE texts (k " + column + " PRIMARY KEY, v INT)")
			keys := []string{"'a'", "'B'", "'c d'", "'Zoë'", "'zoe x'", "''", "'1'", "'É'", "'_'", `'it''s \\ "q"'`}
			switch {
			case strings.HasPrefix(column, "DATETIME"):
				keys = []string{"'2021-03-25 08:00:00.5'", "'2021-03-25 08:00:00.499'", "'1000-01-01'", "'9999-12-31 23:59:59.999'"}
			case strings.HasPrefix(column, "DECIMAL"):
				keys = []string{"-1.5", "0", "1.0001", "12345678901234.5"}
			}
			for i, k := range keys {
				b.Exec(fmt.Sprintf("INSERT INTO texts VALUES (%s, %d)", k, i))
			}
			c := b.Config()
			c.Options.ChunkRows = 1
			r := b.Start(c)
			b.AwaitSnapshot()
			r.Stop()
			if got := capture.Compacted(t, b.Records()); len(got) != len(keys) {
				t.Errorf("%d keys of %d: %v", len(got), len(keys), got)
			}
		})
	}
}

func TestTheConnectionCanBeEncrypted(t *testing.T) {
	b := capture.NewBench(t, brokers.Embedded(t), clickCapture)
	if b.MySQL.CAFile == "" {
		t.Skip("the authority of this server is not known")
	}
	b.Exec(clickTable)
	b.Fill(0, 10)
	c := b.Config()
	c.Source.Server.TLS.Enable, c.Source.Server.TLS.CAFile = true, b.MySQL.CAFile
	if err := b.Start(c).Fails(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate without a name is accepted: %v", err)
	}
	c.Source.Server.TLS.AnyName = true
	r := b.Start(c)
	b.AwaitSnapshot()
	b.Fill(10, 10)
	b.AwaitEqual(clickQuery)
	r.Stop()
}
