package databases

import (
	"context"
	"database/sql"
	"net"
	"path/filepath"
	"strconv"

	"github.com/go-sql-driver/mysql"
)

var mysqlStart = starter{script: "mysql-local.sh", prefix: "MYSQL_LOCAL", image: mysqlImage, server: localMySQL}

// mysqlWithoutLog is one that logs nothing that could be captured.
var mysqlWithoutLog = starter{script: "mysql-local.sh", prefix: "MYSQL_LOCAL", env: []string{"MYSQL_LOCAL_EXTRA=--skip-log-bin"}, server: localMySQL}

func localMySQL(l *local, port int) Server {
	return Server{
		Host: "127.0.0.1", Port: port, User: "root", Password: password,
		CAFile: filepath.Join(l.dir, "data", "ca.pem"), kind: mysqlKind{}, owned: l,
	}
}

var mariadbStart = starter{script: "mariadb-local.sh", prefix: "MARIADB_LOCAL", image: mariadbImage, server: func(l *local, port int) Server {
	return Server{
		Host: "127.0.0.1", Port: port, User: "root", Password: password,
		CAFile: filepath.Join(l.dir, "server.crt"), kind: mysqlKind{}, owned: l,
	}
}}

// parseMySQL reads go-sql-driver's form; what stands behind the database's name is ignored.
func parseMySQL(dsn string) (Server, error) {
	conf, err := mysql.ParseDSN(dsn)
	if err != nil {
		return Server{}, err
	}
	host, port, err := hostPort(conf.Addr)
	return Server{Host: host, Port: port, User: conf.User, Password: conf.Passwd, kind: mysqlKind{}}, err
}

func hostPort(addr string) (string, int, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}

type mysqlKind struct{}

func (mysqlKind) dsn(s Server, database string) string {
	conf := mysql.NewConfig()
	conf.Net, conf.Addr = "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	conf.User, conf.Passwd, conf.DBName = s.User, s.Password, database
	return conf.FormatDSN()
}

func (k mysqlKind) open(s Server, database string) (*sql.DB, context.Context, context.CancelFunc, error) {
	db, err := sql.Open("mysql", k.dsn(s, database))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	return db, ctx, cancel, err
}

func (k mysqlKind) exec(s Server, database, statement string) error {
	db, ctx, cancel, err := k.open(s, database)
	defer cancel()
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}

func (k mysqlKind) query(s Server, database, query string) ([][]string, error) {
	db, ctx, cancel, err := k.open(s, database)
	defer cancel()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for rows.Next() {
		texts := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, shown(texts))
	}
	return all, rows.Err()
}

func shown(texts []sql.NullString) []string {
	row := make([]string, len(texts))
	for i, x := range texts {
		row[i] = Null
		if x.Valid {
			row[i] = x.String
		}
	}
	return row
}
