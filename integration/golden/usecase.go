package golden

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/tables"
)

// UseCase says how the cases of one use case are run and read.
type UseCase struct {
	// Topology is built from the parameters of a case, with retention off.
	Topology func(Case) (*stream.Topology, error)
	// Result is the topic that holds the final table.
	Result string
	// Key names the columns of the primary key, which the topic's keys are joined of.
	Key []string
	// Sums names the columns that Flink adds up as doubles, and the input field each is the sum of.
	Sums map[string]string
	// Normalise changes a row of Flink's where it differs from ours in every case. May be nil.
	Normalise func(Row)
	// Recompute is the query again, as plain Go over maps and without Tributary. Refused are the places of
	// the inputs at which Flink's job fails; the rows are those of the others.
	Recompute func(Case) (rows []Row, refused []int, err error)
	// Dimension is the topic of a table that lies there at the start, DimensionKey its key, and DimensionTable
	// the table in which the topology keeps it. May be empty.
	Dimension, DimensionKey, DimensionTable string
}

// UseCases are those that the runner knows, by the name of their folder.
var UseCases = map[string]UseCase{
	"000":  couponSpend,
	"001":  channelGMV,
	"001d": channelGMV,
	"002a": hourlyPremium,
	"002b": premiumDrop,
	"002c": lastPage,
}

// ours are the columns of our result rows that Flink's have not.
var ours = []string{"updated_at"}

// table makes a table of rows by their primary key. Where Flink has one that no topic of ours can have, it
// is the JSON of its columns.
func (u UseCase) table(rows []Row) (map[string]Row, error) {
	m := map[string]Row{}
	for _, row := range rows {
		k, err := u.key(row)
		if errors.Is(err, tables.ErrKey) {
			k, err = u.keyColumns(row), nil
		}
		if err != nil {
			return nil, err
		}
		if m[k] != nil {
			return nil, fmt.Errorf("two rows have the key %q", k)
		}
		m[k] = row
	}
	return m, nil
}

func (u UseCase) keyColumns(row Row) string {
	key := Row{}
	for _, column := range u.Key {
		key[column] = row[column]
	}
	return text(key)
}

func (u UseCase) key(row Row) (string, error) {
	var parts []tables.Part
	for _, column := range u.Key {
		switch v := row[column].(type) {
		case nil:
			parts = append(parts, tables.Part{})
		default:
			parts = append(parts, tables.Text(fmt.Sprint(v)))
		}
	}
	return tables.JoinKey[string](parts...)
}

// scale is, per column of Sums, the sum of all amounts without their signs: no intermediate sum is larger.
func (u UseCase) scale(inputs []Input) map[string]float64 {
	s := map[string]float64{}
	for _, in := range inputs {
		var record map[string]any
		if json.Unmarshal(in.Value, &record) != nil {
			continue
		}
		for column, field := range u.Sums {
			if x, err := strconv.ParseFloat(fmt.Sprint(record[field]), 64); err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) {
				s[column] += math.Abs(x)
			}
		}
	}
	return s
}
