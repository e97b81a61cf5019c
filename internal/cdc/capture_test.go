package cdc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestACaptureIsReadWithItsDefaults(t *testing.T) {
	c, err := Parse([]byte(`{"table": "orders", "topic": "o.1"}`))
	if err != nil || c.Name != "o.1" || c.Cleanup != "compact" || c.Zone != "UTC" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestMistakesOfACaptureAreListedTogether(t *testing.T) {
	_, err := Parse([]byte(`{"topic": "a/b", "cleanup": "never", "zone": "Nowhere",
		"key": [{"column": ""}], "columns": [{"column": "a"}, {"column": "b", "field": "a"}, {"column": "c", "as": "xml"}]}`))
	for _, want := range []string{"table is missing", `topic "a/b"`, `cleanup "never"`, "Nowhere", "key: a column has no name", "columns: field a is there twice", `column c as "xml"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	for _, text := range []string{`{"tabel": "x"}`, `{"table": "x", "topic": "y"} z`, `[]`} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestABuiltInCaptureSurvivesBeingWrittenToAFile(t *testing.T) {
	for _, name := range builtInNames() {
		built, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(built)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "capture.json")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if read, err := Read(file); err != nil || !reflect.DeepEqual(read, built) {
			t.Errorf("%s: %+v (%v), want %+v", name, read, err, built)
		}
	}
	if _, err := Read("nothing"); err == nil || !strings.Contains(err.Error(), "clickstream") {
		t.Errorf("got %v", err)
	}
}

func TestACaptureWithoutColumnsKeepsThoseItBeganWith(t *testing.T) {
	types := []Type{{Name: "id", Family: Integer}, {Name: "a", Family: Text}}
	c := Capture{Table: "t", Topic: "t"}.complete()
	l, err := c.Layout(types, []string{"id"})
	if err != nil {
		t.Fatal(err)
	}
	p := Position{Shape: l.Shape(), Key: l.KeyColumns(), Columns: l.ValueColumns()}
	types = append(types, Type{Name: "later", Family: Text})
	if l, err = c.Keeping(p).Layout(types, []string{"id"}); err != nil || l.Shape() != p.Shape {
		t.Errorf("%s (%v), want %s", l.Shape(), err, p.Shape)
	}
	if l, err = c.Layout(types, []string{"id"}); err != nil || l.Shape() == p.Shape {
		t.Errorf("%s (%v)", l.Shape(), err)
	}
}
