package source

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"

	"github.com/tributary-go/tributary/internal/cdc"
)

// reading makes units of the events of the log. The log's reader calls it, one event at a time.
type reading struct {
	table   *table
	layout  cdc.Layout
	byGTID  bool
	limit   int    // bytes of one transaction
	accept  string // see Config.Accept
	log     *slog.Logger
	deliver func(cdc.Unit) error

	image *image
	file  string
	open  bool // a transaction is under way
	unit  cdc.Unit
	bytes int
	err   error // that ended the reading
}

// HandleEvent implements replication.EventHandler.
func (r *reading) HandleEvent(e *replication.BinlogEvent) error {
	r.err = r.event(e)
	return r.err
}

func (r *reading) event(e *replication.BinlogEvent) error {
	switch x := e.Event.(type) {
	case *replication.RotateEvent:
		r.file = string(x.NextLogName)
		return r.idle(time.Time{}, uint32(x.Position))
	case *replication.GTIDEvent:
		return r.begin(x)
	case *replication.GtidTaggedLogEvent:
		return r.begin(&x.GTIDEvent)
	case *replication.QueryEvent:
		return r.query(e.Header, x)
	case *replication.XIDEvent:
		return r.end(e.Header)
	case *replication.RowsEvent:
		return r.rows(e.Header, x)
	case *replication.HeartbeatEvent:
		return r.idle(time.Now(), e.Header.LogPos)
	case *replication.TransactionPayloadEvent:
		return r.stop(e.Header, "the transaction is compressed: SET PERSIST binlog_transaction_compression = OFF, and let sessions reconnect")
	}
	return r.rare(e.Header)
}

// rare are events that the log's reader does not decode.
func (r *reading) rare(h *replication.EventHeader) error {
	switch h.EventType {
	case replication.XA_PREPARE_LOG_EVENT:
		if len(r.unit.Rows) > 0 {
			return r.stop(h, "an XA transaction changed the table; whether it will be committed is not known here, so XA can't be captured")
		}
		return r.end(h)
	case replication.INCIDENT_EVENT:
		return r.stop(h, "the server notes an incident: its log misses changes")
	}
	return nil
}

// begin starts a transaction. What is left of one before was cut off, and comes again.
func (r *reading) begin(e *replication.GTIDEvent) error {
	r.unit, r.bytes, r.open = cdc.Unit{}, 0, false
	if micros := e.ImmediateCommitTimestamp; micros > 0 {
		r.unit.Time = time.UnixMicro(int64(micros))
	}
	if !r.byGTID {
		return nil
	}
	id, err := uuid.FromBytes(e.SID)
	if err != nil {
		return fmt.Errorf("a GTID of the log: %w", err)
	}
	if e.GNO == 0 {
		return fmt.Errorf("the log holds a transaction without a GTID, but the capture's position is made of GTIDs: "+
			"SET PERSIST gtid_mode = ON again, and copy the table afresh: %w", cdc.ErrStop)
	}
	r.unit.Step = cdc.Step{Server: id, Tag: e.Tag.String(), Number: e.GNO}
	return nil
}

// idle says what time it is, and how far the log has been read, between transactions.
func (r *reading) idle(now time.Time, offset uint32) error {
	if r.open || r.unit.Step.Number > 0 {
		return nil
	}
	u := cdc.Unit{Time: now}
	if !r.byGTID && offset > 0 {
		u.Step = cdc.Step{File: r.file, Offset: offset}
	}
	return r.deliver(u)
}

func (r *reading) query(h *replication.EventHeader, e *replication.QueryEvent) error {
	sql := strings.TrimSpace(string(e.Query))
	word, _, _ := strings.Cut(sql, " ")
	switch strings.ToUpper(word) {
	case "BEGIN":
		r.open = true
		return nil
	case "COMMIT":
		return r.end(h)
	case "SAVEPOINT":
		return nil
	case "XA":
		return r.xa(h, sql)
	case "ROLLBACK":
		if len(r.unit.Rows) > 0 {
			return r.stop(h, "ROLLBACK in the log, after rows of the table")
		}
		if strings.EqualFold(sql, "ROLLBACK") {
			return r.end(h)
		}
		return nil
	}
	if what := danger(sql, string(e.Schema), r.table.schema, r.table.name); what != "" {
		if at := r.place(h); at != r.accept {
			return r.stop(h, fmt.Sprintf("%s: %.200s", what, sql))
		}
		r.log.Warn("going on behind a statement that changed the table without its rows", "statement", sql, "place", r.accept)
	}
	if r.open {
		return nil
	}
	return r.end(h)
}

// xa: XA START opens a transaction, which ends with an event of its own; XA COMMIT and ROLLBACK come alone.
func (r *reading) xa(h *replication.EventHeader, sql string) error {
	switch verb := strings.ToUpper(strings.Join(strings.Fields(sql)[1:2], "")); verb {
	case "START", "BEGIN":
		r.open = true
		return nil
	case "END":
		return nil
	}
	return r.end(h)
}

// end hands the transaction over.
func (r *reading) end(h *replication.EventHeader) error {
	u := r.unit
	if u.Time.IsZero() {
		u.Time = time.Unix(int64(h.Timestamp), 0)
	}
	if !r.byGTID {
		u.Step = cdc.Step{File: r.file, Offset: h.LogPos}
	}
	for i := range u.Rows {
		u.Rows[i].Time = u.Time.UnixMilli()
	}
	r.unit, r.bytes, r.open = cdc.Unit{}, 0, false
	return r.deliver(u)
}

func (r *reading) rows(h *replication.EventHeader, e *replication.RowsEvent) error {
	if !r.ours(e.Table) {
		return nil
	}
	if r.image == nil || !r.image.fits(e.Table) {
		image, err := newImage(e.Table, r.layout, r.table.charsets)
		if err != nil {
			return r.stop(h, fmt.Sprintf("the table has changed: %v", err))
		}
		if r.image != nil {
			r.log.Warn("the table has been altered; rows that are not written again keep the form they had", "place", r.place(h))
		}
		r.image = image
	}
	var err error
	switch e.Type() {
	case replication.EnumRowsEventTypeInsert:
		err = r.each(e, r.upsert)
	case replication.EnumRowsEventTypeDelete:
		err = r.each(e, r.remove)
	case replication.EnumRowsEventTypeUpdate:
		err = r.updates(e)
	default:
		err = errors.New("rows of an unknown kind")
	}
	if err != nil {
		return r.stop(h, err.Error())
	}
	if r.bytes > r.limit {
		return r.stop(h, fmt.Sprintf("a transaction holds more than %d MB of rows: raise --max-transaction-mb, it is kept in memory as a whole", r.limit>>20))
	}
	return nil
}

// ours reports whether rows are those of the table.
func (r *reading) ours(e *replication.TableMapEvent) bool {
	return string(e.Table) == r.table.name && string(e.Schema) == r.table.schema
}

func (r *reading) each(e *replication.RowsEvent, f func([][]byte) error) error {
	for i, row := range e.Rows {
		cells, err := r.image.read(r.layout, row, e.SkippedColumns[i])
		if err != nil {
			return err
		}
		if err := f(cells); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) upsert(cells [][]byte) error {
	row, err := r.layout.Upsert(cells)
	r.add(row)
	return err
}

func (r *reading) remove(cells [][]byte) error {
	row, err := r.layout.Delete(cells)
	r.add(row)
	return err
}

// updates writes the rows as they are now, and deletes first what had another key.
func (r *reading) updates(e *replication.RowsEvent) error {
	for i := 0; i+1 < len(e.Rows); i += 2 {
		before, err := r.image.read(r.layout, e.Rows[i], e.SkippedColumns[i])
		if err != nil {
			return err
		}
		old, err := r.layout.Delete(before)
		if err != nil {
			return err
		}
		after, err := r.image.read(r.layout, e.Rows[i+1], e.SkippedColumns[i+1])
		if err != nil {
			return err
		}
		row, err := r.layout.Upsert(after)
		if err != nil {
			return err
		}
		if string(old.Key) != string(row.Key) {
			r.add(old)
		}
		r.add(row)
	}
	return nil
}

func (r *reading) add(row cdc.Row) {
	r.unit.Rows = append(r.unit.Rows, row)
	r.bytes += len(row.Key) + len(row.Value)
}

// place is where the transaction under way stands, as people write it.
func (r *reading) place(h *replication.EventHeader) string {
	if s := r.unit.Step; s.Number > 0 {
		if s.Tag != "" {
			return fmt.Sprintf("%s:%s:%d", s.Server, s.Tag, s.Number)
		}
		return fmt.Sprintf("%s:%d", s.Server, s.Number)
	}
	return fmt.Sprintf("%s:%d", r.file, h.LogPos)
}

// stop is an error that another try does not mend.
func (r *reading) stop(h *replication.EventHeader, what string) error {
	return fmt.Errorf("table %s, transaction %s: %s: %w", r.table, r.place(h), what, cdc.ErrStop)
}
