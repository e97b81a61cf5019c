package databases

import (
	"context"
	"net"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"
)

var postgresStart = starter{script: "postgres-local.sh", prefix: "POSTGRES_LOCAL", image: postgresImage, server: func(l *local, port int) Server {
	return Server{
		Host: "127.0.0.1", Port: port, User: "postgres", Password: password,
		CAFile: filepath.Join(l.dir, "server.crt"), kind: postgresKind{}, owned: l,
	}
}}

func parsePostgres(dsn string) (Server, error) {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return Server{}, err
	}
	return Server{Host: conf.Host, Port: int(conf.Port), User: conf.User, Password: conf.Password, kind: postgresKind{}}, nil
}

type postgresKind struct{}

func (postgresKind) dsn(s Server, database string) string {
	if database == "" {
		database = "postgres"
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Path: "/" + database,
		Host: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)),
	}
	return u.String()
}

// query runs anything: what a statement without rows returns is no rows.
func (k postgresKind) query(s Server, database, query string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, k.dsn(s, database))
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, query, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]string
	for rows.Next() {
		var row []string
		for _, b := range rows.RawValues() { // the simple protocol gives text
			text := Null
			if b != nil {
				text = string(b)
			}
			row = append(row, text)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (k postgresKind) exec(s Server, database, statement string) error {
	_, err := k.query(s, database, statement)
	return err
}
