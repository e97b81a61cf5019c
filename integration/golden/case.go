package golden

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"
)

// Case is one input with Flink's answer.
type Case struct {
	UseCase  string
	Name     string
	Params   map[string]string
	Error    string // why Flink's job failed; "": it did not
	Inputs   []Input
	Expected []Row // nil if the job failed

	Dimension      []json.RawMessage // the rows of the dimension before the first input, if the use case has one
	DimensionAfter []Row             // ... and after the last
}

// Row is a row of a result table. Numbers are json.Number, as they were written.
type Row map[string]any

// Zone is the time zone of the case.
func (c Case) Zone() (*time.Location, error) { return time.LoadLocation(c.Params["TZ"]) }

// Load reads all cases below a directory, in the order of their names.
func Load(dir fs.FS) ([]Case, error) {
	files, err := fs.Glob(dir, "*/*/case.json")
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, file := range files {
		c, err := load(dir, path.Dir(file))
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", path.Dir(file), err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func load(dir fs.FS, at string) (Case, error) {
	c := Case{UseCase: path.Dir(at), Name: path.Base(at), Params: map[string]string{}}
	if err := c.readHead(dir, at); err != nil {
		return c, err
	}
	var err error
	if c.Inputs, err = lines(dir, path.Join(at, "input.jsonl"), readInput); err != nil {
		return c, err
	}
	c.Expected, err = lines(dir, path.Join(at, "expected.jsonl"), readRow)
	if errors.Is(err, fs.ErrNotExist) && c.Error != "" {
		err = nil
	}
	if err != nil || c.Dimension == nil {
		return c, err
	}
	c.DimensionAfter, err = lines(dir, path.Join(at, "dimension_after.jsonl"), readRow)
	return c, err
}

func (c *Case) readHead(dir fs.FS, at string) error {
	b, err := fs.ReadFile(dir, path.Join(at, "case.json"))
	if err != nil {
		return err
	}
	var head struct {
		UseCase string                     `json:"useCase"`
		Params  map[string]json.RawMessage `json:"params"`
		Error   string                     `json:"error"`

		Dimension []json.RawMessage `json:"dimension"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return fmt.Errorf("case.json: %w", err)
	}
	if head.UseCase != c.UseCase {
		return fmt.Errorf("case.json is of use case %q, it lies in folder %q", head.UseCase, c.UseCase)
	}
	c.Error, c.Dimension = head.Error, head.Dimension
	for name, v := range head.Params {
		c.Params[name] = string(bytes.Trim(v, `"`))
	}
	return nil
}

func readInput(b []byte) (Input, error) {
	var in struct {
		Topic, Key string
		Value      *string
	}
	if err := json.Unmarshal(b, &in); err != nil || in.Value == nil {
		return Input{in.Topic, in.Key, nil}, err
	}
	return Input{in.Topic, in.Key, []byte(*in.Value)}, nil
}

func readRow(b []byte) (Row, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	row := Row{}
	err := d.Decode(&row)
	return row, err
}

// maxLine is how long a line of a case may be.
const maxLine = 4 << 20

// lines reads a file line by line.
func lines[T any](dir fs.FS, name string, read func([]byte) (T, error)) ([]T, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := []T{}
	s := bufio.NewScanner(f)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		v, err := read(s.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, len(all)+1, err)
		}
		all = append(all, v)
	}
	return all, s.Err()
}
