package source

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/tributary-go/tributary/internal/cdc"
)

// reader appends the plain bytes of a value of the log.
type reader func(dst []byte, v any) ([]byte, error)

// image says where in a row of the log the columns lie that the capture reads. The log describes the table before
// each statement, so that rows from before and after an ALTER are both understood.
type image struct {
	of      *replication.TableMapEvent // the description it was made from
	indexes []int
	readers []reader

	scratch []byte
	cells   [][]byte
}

// newImage finds the columns of the layout in a description of the table. The error lists each column that can't be
// captured any more.
func newImage(e *replication.TableMapEvent, l cdc.Layout, charsets map[uint64]string) (*image, error) {
	names := e.ColumnNameString()
	if len(names) == 0 {
		return nil, errors.New("the log does not name the columns: SET PERSIST binlog_row_metadata = 'FULL'; what was logged without it can't be read")
	}
	m := &image{of: e, scratch: make([]byte, 0, 1024), cells: make([][]byte, len(l.Read))}
	d := describing{
		e: e, charsets: charsets, collations: e.CollationMap(), labelCollations: e.EnumSetCollationMap(),
		enums: e.EnumStrValueMap(), sets: e.SetStrValueMap(),
	}
	var errs []error
	for _, name := range l.Read {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if i < 0 {
			errs = append(errs, fmt.Errorf("column %s is gone", name))
			continue
		}
		family, read, err := d.column(i)
		if err == nil {
			err = l.Fits(name, family)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("column %s: %w", name, err))
			continue
		}
		m.indexes, m.readers = append(m.indexes, i), append(m.readers, read)
	}
	return m, errors.Join(errs...)
}

// fits reports whether another description says the same.
func (m *image) fits(e *replication.TableMapEvent) bool {
	same := func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
	labels := func(a, b [][][]byte) bool { return slices.EqualFunc(a, b, same) }
	return m.of == e || bytes.Equal(m.of.ColumnType, e.ColumnType) && slices.Equal(m.of.ColumnMeta, e.ColumnMeta) &&
		same(m.of.ColumnName, e.ColumnName) && slices.Equal(m.of.DefaultCharset, e.DefaultCharset) &&
		slices.Equal(m.of.ColumnCharset, e.ColumnCharset) && labels(m.of.EnumStrValue, e.EnumStrValue) &&
		labels(m.of.SetStrValue, e.SetStrValue) && bytes.Equal(m.of.SignednessBitmap, e.SignednessBitmap)
}

// read returns the plain bytes of a row's columns, valid until the next call. missing are the columns that the log left
// out of the row.
func (m *image) read(l cdc.Layout, row []any, missing []int) ([][]byte, error) {
	buffer := m.scratch[:0]
	for i, at := range m.indexes {
		if len(missing) > 0 && slices.Contains(missing, at) {
			return nil, fmt.Errorf("column %s is not in the log: SET PERSIST binlog_row_image = 'FULL', and let sessions reconnect", l.Read[i])
		}
		if row[at] == nil {
			m.cells[i] = nil
			continue
		}
		from := len(buffer)
		var err error
		if buffer, err = m.readers[i](buffer, row[at]); err != nil {
			return nil, fmt.Errorf("column %s: %w", l.Read[i], err)
		}
		m.cells[i] = buffer[from:len(buffer):len(buffer)]
	}
	m.scratch = buffer
	return m.cells, nil
}

// describing reads one description of the table.
type describing struct {
	e           *replication.TableMapEvent
	charsets    map[uint64]string
	collations  map[int]uint64
	enums, sets map[int][]string

	labelCollations map[int]uint64 // of enums and sets
}

// column finds out what the i-th column is.
func (d describing) column(i int) (cdc.Family, reader, error) {
	switch {
	case d.e.IsEnumColumn(i):
		labels, err := d.labels(i, d.enums[i])
		return cdc.Text, enumLabels(labels), err
	case d.e.IsSetColumn(i):
		labels, err := d.labels(i, d.sets[i])
		return cdc.Text, setLabels(labels), err
	}
	switch t := d.e.ColumnType[i]; t {
	case mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_LONGLONG, mysql.MYSQL_TYPE_YEAR:
		return cdc.Integer, appendInteger, nil
	case mysql.MYSQL_TYPE_BIT:
		return cdc.Integer, appendBit, nil
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		return cdc.Decimal, appendBytes, nil
	case mysql.MYSQL_TYPE_FLOAT:
		return cdc.Single, readSingle, nil
	case mysql.MYSQL_TYPE_DOUBLE:
		return cdc.Double, readDouble, nil
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_TIME:
		return cdc.Calendar, appendBytes, nil
	case mysql.MYSQL_TYPE_TIME2:
		return cdc.Calendar, withFraction(int(d.e.ColumnMeta[i])), nil
	case mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_DATETIME2:
		return cdc.DateTime, appendBytes, nil
	case mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_TIMESTAMP2:
		return cdc.Timestamp, appendBytes, nil
	case mysql.MYSQL_TYPE_JSON:
		return cdc.Document, appendDocument, nil
	case mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING, mysql.MYSQL_TYPE_BLOB:
		return d.characters(i)
	default:
		return "", nil, fmt.Errorf("type %d can't be captured", t)
	}
}

func (d describing) characters(i int) (cdc.Family, reader, error) {
	id := d.collations[i]
	switch isBinary := d.charsets[id] == "binary"; {
	case isBinary && d.e.ColumnType[i] == mysql.MYSQL_TYPE_STRING:
		return cdc.Binary, padded(int(d.e.ColumnMeta[i] & 0xff)), nil
	case isBinary:
		return cdc.Binary, appendBytes, nil
	}
	read, err := d.text(id)
	return cdc.Text, read, err
}

// text reads text in the character set of a collation.
func (d describing) text(collation uint64) (reader, error) {
	switch charset := d.charsets[collation]; {
	case charset == "latin1":
		return appendLatin1, nil
	case readable(charset):
		return appendBytes, nil
	case charset == "":
		return nil, fmt.Errorf("the log has its text in collation %d, which the server did not list at the start: start the capture again", collation)
	default:
		return nil, fmt.Errorf("its character set is %s now; readable are utf8mb4, utf8, ascii and latin1", charset)
	}
}

// labels of an enum or a set, which are text in the column's character set.
func (d describing) labels(i int, raw []string) ([]string, error) {
	read, err := d.text(d.labelCollations[i])
	if err != nil {
		return nil, err
	}
	labels := make([]string, len(raw))
	for j, text := range raw {
		plain, err := read(nil, text)
		if err != nil {
			return nil, err
		}
		labels[j] = string(plain)
	}
	return labels, nil
}

func readSingle(dst []byte, v any) ([]byte, error) {
	f, ok := v.(float32)
	if !ok {
		return nil, unexpected(v)
	}
	return appendSingle(dst, f), nil
}

func readDouble(dst []byte, v any) ([]byte, error) {
	f, ok := v.(float64)
	if !ok {
		return nil, unexpected(v)
	}
	return appendDouble(dst, f), nil
}
