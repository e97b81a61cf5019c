package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-go/tributary/internal/cdc"
)

// prepare fills in what the server says. Everything that is wrong is one error.
func (s *Source) prepare() error {
	version, err := s.conn.value("SELECT VERSION()")
	if err != nil {
		return err
	}
	if err := s.checkVersion(version); err != nil {
		return err
	}
	if s.server, err = s.conn.value("SELECT @@GLOBAL.server_uuid"); err != nil {
		return err
	}
	unsuitable := s.checkSettings()
	if s.table, err = describe(s.conn, s.config.Database, s.config.Capture.Table); err != nil {
		return stopUnlessPassing(errors.Join(unsuitable, err))
	}
	mode, err := s.conn.value("SELECT @@GLOBAL.gtid_mode")
	if err != nil {
		return err
	}
	s.byGTID = strings.EqualFold(mode, "ON")
	errs := []error{unsuitable, s.checkPrivileges()}
	var layoutErr error
	s.layout, layoutErr = s.config.Capture.Layout(s.table.types(), s.table.primary)
	errs = append(errs, layoutErr, s.table.check(s.layout))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("table %s: %w", s.table, stopUnlessPassing(err))
	}
	return nil
}

func stopUnlessPassing(err error) error {
	if passing(err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cdc.ErrStop)
}

// checkVersion refuses what the capture was not made for. 8.0.1 is the first that names columns in the log.
func (s *Source) checkVersion(version string) error {
	if strings.Contains(version, "MariaDB") {
		return fmt.Errorf("the server is MariaDB (%s): its GTIDs and its log differ, only MySQL 8.0 and newer can be captured: %w", version, cdc.ErrStop)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return fmt.Errorf("version %q of the server: %w", version, err)
	}
	if major < 8 || major == 8 && minor == 0 && patch < 1 {
		return fmt.Errorf("the server is MySQL %s: 8.0.1 or newer is needed, whose log names the columns: %w", version, cdc.ErrStop)
	}
	s.status = "SHOW MASTER STATUS"
	if major > 8 || minor >= 2 {
		s.status = "SHOW BINARY LOG STATUS"
	}
	return nil
}

// settings of the server, what they must be, and how to change them.
var settings = []struct{ name, want, change string }{
	{"log_bin", "1", "start the server with log_bin (and without skip_log_bin)"},
	{"binlog_format", "ROW", "SET PERSIST binlog_format = 'ROW', and let sessions reconnect"},
	{"binlog_row_image", "FULL", "SET PERSIST binlog_row_image = 'FULL', and let sessions reconnect"},
	{"binlog_row_metadata", "FULL", "SET PERSIST binlog_row_metadata = 'FULL'; it counts at once, for all sessions"},
	{"binlog_row_value_options", "", "SET PERSIST binlog_row_value_options = '', and let sessions reconnect"},
	{"binlog_transaction_compression", "0", "SET PERSIST binlog_transaction_compression = OFF, and let sessions reconnect"},
}

func (s *Source) checkSettings() error {
	var errs []error
	for _, wanted := range settings {
		rows, err := s.conn.rows(fmt.Sprintf("SHOW GLOBAL VARIABLES WHERE Variable_name = '%s'", wanted.name))
		if err != nil {
			return err
		}
		if len(rows) == 0 { // younger than the server
			continue
		}
		has := strings.NewReplacer("ON", "1", "OFF", "0").Replace(rows[0][1])
		if !strings.EqualFold(has, wanted.want) {
			errs = append(errs, fmt.Errorf("%s is %s: %s", wanted.name, rows[0][1], wanted.change))
		}
	}
	return errors.Join(errs...)
}

// checkPrivileges tries what needs them.
func (s *Source) checkPrivileges() error {
	var errs []error
	user, err := s.conn.value("SELECT CURRENT_USER()")
	if err != nil {
		return err
	}
	name, host, _ := strings.Cut(user, "@")
	account := fmt.Sprintf("'%s'@'%s'", name, host)
	if _, err := s.conn.rows(fmt.Sprintf("SELECT %s FROM %s LIMIT 0", s.columns(), s.table.quoted())); err != nil {
		errs = append(errs, fmt.Errorf("the table can't be read: GRANT SELECT ON %s TO %s: %w", s.table.quoted(), account, err))
	}
	replicas := "SHOW SLAVE HOSTS"
	if strings.Contains(s.status, "BINARY") {
		replicas = "SHOW REPLICAS"
	}
	if _, err := s.conn.query(replicas); err != nil {
		errs = append(errs, fmt.Errorf("the log can't be read: GRANT REPLICATION SLAVE ON *.* TO %s: %w", account, err))
	}
	status, err := s.conn.rows(s.status)
	switch {
	case err != nil && !s.byGTID:
		errs = append(errs, fmt.Errorf("the end of the log can't be found, and the server has no GTIDs: GRANT REPLICATION CLIENT ON *.* TO %s: %w", account, err))
	case err == nil && len(status) > 0 && len(status[0]) > 3 && !logged(status[0][2], status[0][3], s.table.schema):
		errs = append(errs, fmt.Errorf("the server does not log the database %s: see binlog_do_db (%s) and binlog_ignore_db (%s)", s.table.schema, status[0][2], status[0][3]))
	}
	return errors.Join(errs...)
}

// logged reports whether the server's filters, lists of databases, let changes of a database into the log.
func logged(only, ignored, database string) bool {
	in := func(list string) bool { return slices.Contains(strings.Split(list, ","), database) }
	return (only == "" || in(only)) && !in(ignored)
}

func (s *Source) columns() string {
	var names []string
	for _, c := range s.table.columns {
		names = append(names, quoteName(c.Name))
	}
	return strings.Join(names, ", ")
}

// checkPosition finds out whether the capture can go on where it stands. The server says so too, later and in other
// words.
func (s *Source) checkPosition(p cdc.Position) error {
	mode, err := s.conn.value("SELECT @@GLOBAL.gtid_mode")
	if err != nil {
		return err
	}
	var errs []error
	if shape := s.layout.Shape(); p.Shape != shape {
		errs = append(errs, fmt.Errorf("the capture has begun with records of another shape; copy the table afresh, with another name and topic, or configure as before.\n"+
			"before: %s\nnow:    %s", p.Shape, shape))
	}
	if !p.Snapshot.Done && !slices.Equal(p.Snapshot.By, s.table.primary) {
		errs = append(errs, fmt.Errorf("the snapshot goes by the primary key %v, and the table's is %v now: copy the table afresh, with another name and topic",
			p.Snapshot.By, s.table.primary))
	}
	if !p.At.ByGTID() {
		if p.Server != s.server {
			errs = append(errs, fmt.Errorf("the position %s is one of server %s, and this is %s: without GTIDs it means nothing here: copy the table afresh, "+
				"with another name and topic, or return to the server", p.At, p.Server, s.server))
		}
		return errors.Join(errs...)
	}
	if !strings.EqualFold(mode, "ON") {
		return errors.Join(append(errs, fmt.Errorf("the position is made of GTIDs, and gtid_mode is %s: SET PERSIST gtid_mode = ON", mode))...)
	}
	purged, err := s.conn.value("SELECT @@GLOBAL.gtid_purged")
	if err != nil {
		return err
	}
	gone, err := cdc.GTIDs(strings.ReplaceAll(purged, "\n", ""))
	if err != nil {
		return err
	}
	now, err := s.now()
	if err != nil {
		return err
	}
	if !p.At.Reached(gone) {
		errs = append(errs, fmt.Errorf("the server has purged the log behind the capture's position %s: %s", p.At, afresh))
	}
	if !now.Reached(p.At) {
		errs = append(errs, fmt.Errorf("the capture's position is %s, the server's is %s: %s", p.At, now, rewound))
	}
	return errors.Join(errs...)
}
