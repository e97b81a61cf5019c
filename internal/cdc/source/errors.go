package source

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tributary-go/tributary/internal/cdc"
)

// Codes of the server.
const (
	accessDeniedToDatabase = 1044
	accessDenied           = 1045
	accessDeniedToTable    = 1142
	accessDeniedToColumn   = 1143
	syntaxError            = 1064
	unknownDatabase        = 1049
	noSuchTable            = 1146
	needsPrivilege         = 1227
	logUnreadable          = 1236
	tooManyConnections     = 1040
	shutdown               = 1053
	interrupted            = 1317
)

// passing reports whether the server could not be asked, which says nothing about what it would have said.
func passing(err error) bool {
	switch code(err) {
	case tooManyConnections, shutdown, interrupted:
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, mysql.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}

func code(err error) uint16 {
	if e, ok := errors.AsType[*mysql.MyError](err); ok {
		return e.Code
	}
	return 0
}

// explain adds what to do, and ErrStop where no other try will help.
func explain(err error) error {
	advice := ""
	switch code(err) {
	case accessDenied:
		advice = "the server refuses the user or the password: check them, and that the user may come from this machine"
	case accessDeniedToDatabase, accessDeniedToTable, accessDeniedToColumn:
		advice = "GRANT SELECT ON the table TO the user"
	case needsPrivilege:
		advice = "a privilege is missing: see GRANT in the message of the server; a capture needs REPLICATION SLAVE, and without GTIDs REPLICATION CLIENT"
	case unknownDatabase, noSuchTable:
		advice = "check the names of the database and the table"
	case logUnreadable:
		advice = adviceOnLog(err.Error())
	default:
		return err
	}
	return fmt.Errorf("%w; %s: %w", err, advice, cdc.ErrStop)
}

const (
	afresh = "the changes in between are lost to this capture, and it does not skip them: copy the table afresh, with another name and topic in the capture, " +
		"and let the server keep its logs longer (binlog_expire_logs_seconds)"
	rewound = "the server holds less of its log than the capture has read; was it restored or replaced? If nothing that was captured is missing in it, " +
		"copy the table afresh, with another name and topic in the capture"
)

// adviceOnLog reads the text of error 1236, which stands for many things.
func adviceOnLog(text string) string {
	text = strings.ToLower(text)
	switch {
	case strings.Contains(text, "purged"), strings.Contains(text, "could not find first log file"), strings.Contains(text, "missing"):
		return afresh
	case strings.Contains(text, "same server_uuid/server_id"):
		return "another reader of the log has the same --server-id: give each its own"
	case strings.Contains(text, "max_allowed_packet"):
		return "raise max_allowed_packet on the server, up to 1 GiB"
	case strings.Contains(text, "slave has more gtids"), strings.Contains(text, "replica has more gtids"):
		return rewound
	case strings.Contains(text, "position"), strings.Contains(text, "bogus data"), strings.Contains(text, "log file"):
		return "the position is not in the server's log any more: " + rewound
	}
	return "the server can't send its log from this position"
}
