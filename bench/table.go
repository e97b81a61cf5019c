package main

import (
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// table compares what was written with what must be there in the end, row by row as it changes, so that to ask
// whether all is right costs nothing.
type table[R comparable] struct {
	name      string
	want, got map[string]R
	wrong     map[string]struct{} // keys of which want and got differ
}

// newTable wants rows, which it keeps and does not change unless expect is called.
func newTable[R comparable](name string, want map[string]R) *table[R] {
	t := &table[R]{name: name, want: want, got: map[string]R{}, wrong: make(map[string]struct{}, len(want))}
	for key := range want {
		t.wrong[key] = struct{}{}
	}
	return t
}

// set and remove are what was written, expect and renounce what should be.
func (t *table[R]) set(key string, row R)    { t.got[key] = row; t.judge(key) }
func (t *table[R]) remove(key string)        { delete(t.got, key); t.judge(key) }
func (t *table[R]) expect(key string, row R) { t.want[key] = row; t.judge(key) }
func (t *table[R]) renounce(key string)      { delete(t.want, key); t.judge(key) }

func (t *table[R]) judge(key string) {
	got, there := t.got[key]
	want, wanted := t.want[key]
	if there == wanted && got == want {
		delete(t.wrong, key)
	} else {
		t.wrong[key] = struct{}{}
	}
}

// take applies a record of a compacted topic whose values are JSON.
func (t *table[R]) take(r *kgo.Record) error {
	if r.Value == nil {
		t.remove(string(r.Key))
		return nil
	}
	var row R
	if err := json.Unmarshal(r.Value, &row); err != nil {
		return fmt.Errorf("topic %s, partition %d, offset %d: %q: %w", r.Topic, r.Partition, r.Offset, r.Value, err)
	}
	t.set(string(r.Key), row)
	return nil
}

// compare names one of the rows that are not as they must be; nil: all are.
func (t *table[R]) compare() error {
	for key := range t.wrong {
		got, there := t.got[key]
		want, wanted := t.want[key]
		return fmt.Errorf("wrong result: %d rows of %s, among them %q: %s, the recount says %s",
			len(t.wrong), t.name, key, shown(got, there), shown(want, wanted))
	}
	return nil
}

func shown(row any, there bool) string {
	if !there {
		return "no row"
	}
	return fmt.Sprintf("%+v", row)
}

// raw is a JSON value as it stands there: text in quotes, null, or a number.
type raw string

func (r *raw) UnmarshalJSON(b []byte) error {
	*r = raw(b)
	return nil
}

// quoted is text that needs no escapes, as JSON.
func quoted(text []byte) raw { return raw(`"` + string(text) + `"`) }
