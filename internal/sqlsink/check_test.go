package sqlsink

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tributary-go/tributary/integration/databases"
	"github.com/tributary-go/tributary/tables"
)

// refuses opens a sink that must not start, and demands what its error says.
func (s *scene) refuses(parts ...string) {
	s.Helper()
	s.config.Tables = []tables.Projection{s.projection}
	sink, err := Open(s.Context(), s.config)
	if err == nil {
		sink.Close()
		s.Fatalf("it starts, want an error with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			s.Errorf("the error is %q, want %q", err, part)
		}
	}
	if p := s.config.Database.Password; p != "" && !strings.Contains(positionsTable, p) && strings.Contains(err.Error()+s.log.text(), p) {
		s.Errorf("the password is in the error or the log: %v", err)
	}
}

func TestAMissingTableIsAnErrorThatHoldsItsDefinition(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 1)
		s.config.CreateTables = false
		s.refuses("table visits does not exist", "--create-tables", "CREATE TABLE", "PRIMARY KEY", "table tributary_positions does not exist")
		// The definitions in the error are the ones that work.
		d, err := s.settings.open(s.config.Log)
		if err != nil {
			t.Fatal(err)
		}
		s.exec(t, createTable(d, positions()))
		s.exec(t, createTable(d, s.projection))
		s.send("a|1", `{"visitors":1}`)
		s.start()
		s.await([]string{"a", "1", null, "1", null, null, null})
	})
}

func TestEachDifferenceOfATableIsNamed(t *testing.T) {
	onEach(t, func(t *testing.T, st store) {
		s := newScene(t, st, 1)
		bytes := map[string]string{"sqlite": "BLOB", "mysql": "BLOB", "postgres": "BYTEA"}[st.settings.Kind]
		s.exec(t, "CREATE TABLE visits (place INTEGER NOT NULL, number BIGINT NOT NULL, visitors VARCHAR(20), amount VARCHAR(20), price "+bytes+
			", extra VARCHAR(10) NOT NULL, PRIMARY KEY (number), UNIQUE (visitors))")
		s.refuses("table visits", "column place is", "wanted is VARCHAR(16)", "column name (VARCHAR(10)) is missing", "column price is", "column note",
			"column extra is NOT NULL without a default", "its primary key is (number), wanted is (place, number)", "unique index")
	})
}

func TestAMissingTopicIsAnError(t *testing.T) {
	s := newScene(t, sqliteStore(t), 1)
	s.projection.Topic = "nobody_writes_it"
	s.refuses("topic of table visits", "nobody_writes_it", "start the program that writes it")
}

func TestATopicThatIsNotCompactedIsAnError(t *testing.T) {
	s := newScene(t, sqliteStore(t), 1)
	s.projection.Topic = s.topic + "-deleted"
	s.cluster.CreateTopic(t, s.projection.Topic, 1, map[string]string{"cleanup.policy": "delete"})
	s.refuses("cleanup.policy=delete, wanted is compact")
}

func TestATableOfAnotherTopicIsNotTaken(t *testing.T) {
	s := newScene(t, sqliteStore(t), 1)
	s.send("a|1", `{"visitors":1}`)
	_, stop := s.start()
	s.awaitPosition()
	if err := stop(); err != nil {
		t.Error(err)
	}
	s.topic += "-other"
	s.createTopic()
	s.projection.Topic = s.topic
	sink := s.open()
	defer sink.Close()
	if err := sink.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "DELETE FROM tributary_positions WHERE table_name = 'visits'") {
		t.Errorf("the error is %v", err)
	}
}

// servers runs a test on the servers that there are.
func servers(t *testing.T, test func(t *testing.T, st store, server databases.Server)) {
	t.Run("mysql", func(t *testing.T) {
		server := databases.MySQL(t)
		test(t, serverStore(t, "mysql", server), server)
	})
	t.Run("mariadb", func(t *testing.T) {
		server := databases.MariaDB(t)
		test(t, serverStore(t, "mysql", server), server)
	})
	t.Run("postgres", func(t *testing.T) {
		server := databases.PostgreSQL(t)
		test(t, serverStore(t, "postgres", server), server)
	})
}

func TestAWrongPasswordIsNamedAndNotShown(t *testing.T) {
	servers(t, func(t *testing.T, st store, _ databases.Server) {
		s := newScene(t, st, 1)
		s.config.Database.Password = "not the password"
		s.refuses("refuses the user or the password", st.settings.User)
		s.config.Database.Password, s.config.Database.PasswordFile = "", filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(s.config.Database.PasswordFile, []byte(st.settings.Password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.open().Close()
	})
}

func TestAServerThatDoesNotAnswerIsNamed(t *testing.T) {
	for _, kind := range []string{"mysql", "postgres"} {
		st := sqliteStore(t)
		st.settings = Database{Kind: kind, Host: "127.0.0.1:1", User: "me", Name: "db", Password: "secret word"}
		newScene(t, st, 1).refuses("no answer", kind+"://me@127.0.0.1:1/db")
	}
}

func TestAMissingPrivilegeIsNamedWithItsGrant(t *testing.T) {
	servers(t, func(t *testing.T, st store, server databases.Server) {
		s := newScene(t, st, 1)
		s.open().Close() // makes the tables
		user := fmt.Sprintf("reader%d", rand.Uint32())
		if st.settings.Kind == "mysql" {
			s.exec(t, "CREATE USER '"+user+"'@'%' IDENTIFIED BY 'reads only'")
			s.exec(t, "GRANT SELECT ON "+st.settings.Name+".* TO '"+user+"'@'%'")
			t.Cleanup(func() { server.Exec(t, "", "DROP USER '"+user+"'@'%'") })
		} else {
			s.exec(t, "CREATE USER "+user+" PASSWORD 'reads only'")
			s.exec(t, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+user)
			t.Cleanup(func() { server.Exec(t, st.settings.Name, "DROP OWNED BY "+user, "DROP USER "+user) })
		}
		s.config.Database.User, s.config.Database.Password = user, "reads only"
		s.refuses("the user may not", "on table visits", "on table tributary_positions", "GRANT SELECT, INSERT, UPDATE, DELETE ON", user)
	})
}

func TestTheConnectionIsEncryptedAndTheServerChecked(t *testing.T) {
	servers(t, func(t *testing.T, st store, server databases.Server) {
		if server.CAFile == "" {
			t.Skip("the certificate of this server's authority is not known: servers that are started here have one")
		}
		s := newScene(t, st, 1)
		secure := "SHOW STATUS LIKE 'Ssl_cipher'"
		s.config.Database.TLS = DatabaseTLS{Mode: "verify-ca", CAFile: server.CAFile}
		if filepath.Base(server.CAFile) != "ca.pem" { // MySQL's own certificate bears no name
			s.config.Database.TLS.Mode = "verify-full"
		}
		if st.settings.Kind == "postgres" {
			secure = "SELECT 'cipher', cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
		}
		d, err := s.config.Database.open(s.config.Log)
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if rows, err := c.query(t.Context(), secure); err != nil || rows[0][1].V == "" {
			t.Errorf("the connection is not encrypted: %v, %v", rows, err)
		}
		s.config.Database.TLS.CAFile = "" // the system's authorities did not sign it
		s.refuses("connect to the database", "certificate")
	})
}

func TestTheReferencesDefinitionIsAcceptedAndKeepsItsRules(t *testing.T) {
	s := newScene(t, serverStore(t, "mysql", databases.MySQL(t)), 1)
	s.exec(t, "CREATE TABLE visits (place VARCHAR(16) NOT NULL, number BIGINT NOT NULL, name VARCHAR(8), visitors BIGINT UNSIGNED, amount DOUBLE UNSIGNED, price DECIMAL(10,2), note TEXT, "+
		"PRIMARY KEY (place, number)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci")
	s.send("a|1", `{"visitors":1,"amount":0.5}`, "a|2", `{"visitors":1,"amount":-0.5}`, "b |3", `{"visitors":1}`, "b|4", `{"visitors":-1}`)
	_, stop := s.start()
	s.await([]string{"a", "1", null, "1", "0.5", null, null})
	s.awaitPosition()
	if err := stop(); err != nil {
		t.Error(err)
	}
	reasons := map[string]string{"a|2": "Out of range value for column 'amount'", "b |3": "ends in a space", "b|4": "Out of range value for column 'visitors'"}
	for _, l := range s.letters() {
		if want := reasons[string(l.Key)]; want == "" || !strings.Contains(l.Headers["reason"], want) {
			t.Errorf("dead letter %s: %s", l.Key, l.Headers["reason"])
		}
		delete(reasons, string(l.Key))
	}
	if len(reasons) > 0 {
		t.Errorf("no dead letters of %v", reasons)
	}
	for _, want := range []string{"negative figures will be refused", "longer texts will be refused", "differ only in case"} {
		if !strings.Contains(s.log.text(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

func TestAnAddressNamesADatabaseAndHoldsNoPassword(t *testing.T) {
	for text, want := range map[string]Database{
		"mysql://me@db:3307/shop":     {Kind: "mysql", Host: "db:3307", User: "me", Name: "shop"},
		"mariadb://me@db/shop":        {Kind: "mysql", Host: "db", User: "me", Name: "shop"},
		"postgresql://me@[::1]/shop":  {Kind: "postgres", Host: "[::1]", User: "me", Name: "shop"},
		"sqlite:dir/file.db":          {Kind: "sqlite", Name: "dir/file.db"},
		"sqlite:///var/lib/x/file.db": {Kind: "sqlite", Name: "/var/lib/x/file.db"},
	} {
		if got, err := ParseDatabase(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "mysql://me:hunter2@db/shop", "mysql://db/shop", "mysql://me@db", "oracle://me@db/shop", "sqlite:", "mysql://me@db/shop?tls=true", "mysql://me:hunter2@d b/shop", "me:hunter2@tcp(db)/shop"} {
		if got, err := ParseDatabase(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	shown := fmt.Sprintf("%v %+v %#v", Database{Kind: "mysql", Host: "db", User: "me", Name: "shop", Password: "hunter2"}, Database{Password: "hunter2"}, Database{Password: "hunter2"})
	if strings.Contains(shown, "hunter2") {
		t.Errorf("the password shows: %s", shown)
	}
}
