package golden

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
	"github.com/tributary-go/tributary/cep/rules"
)

// CEPCase is a pattern and a stream of events with what FlinkCEP made of them. The cases lie in
//
//	suite/*.json      one feature of the pattern language each
//	random.jsonl      random patterns and streams, one a line
//	business/*.json   click streams
//
// Flink's operator saw a watermark after every event, BoundMs behind the largest time so far, and one at the
// end of time after the last.
type CEPCase struct {
	Name       string          `json:"name"`
	Family     string          `json:"family"`
	BoundMs    int64           `json:"boundMs"`
	KeyField   string          `json:"keyField"`
	Pattern    json.RawMessage `json:"pattern"`
	Events     []CEPEvent      `json:"events"`
	Watermarks []int64         `json:"watermarks"`
	Matches    []CEPFound      `json:"matches"`
	Timeouts   []CEPFound      `json:"timeouts"`
	Late       []string        `json:"late"`
	Alerts     []CEPAlert      `json:"alerts"`
	Error      string          `json:"error"` // "invalid: .." or "runtime: .."; "": none
}

// CEPEvent is an event of a case: a letter of an alphabet, or a click.
type CEPEvent struct {
	ID           string  `json:"id"`
	Ts           int64   `json:"ts"`
	Key          string  `json:"key"`
	Type         string  `json:"type"`
	EventType    string  `json:"eventType"`
	Price        float64 `json:"price"`
	ProductID    string  `json:"productId"`
	CategoryID   string  `json:"categoryId"`
	CategoryCode *string `json:"categoryCode"`
	Brand        string  `json:"brand"`
	UserID       string  `json:"userId"`
	UserSession  string  `json:"userSession"`
}

// CEPFound is a match, or a partial match that timed out.
type CEPFound struct {
	Key     string              `json:"key"`
	Ts      int64               `json:"ts"` // the operator's time, or when the window closed
	Events  map[string][]string `json:"events"`
	WmIndex int                 `json:"wmIndex"` // which watermark it came with
	Seq     int                 `json:"seq"`     // of matches and time-outs together
}

// CEPAlert is what the click job of the reference said.
type CEPAlert struct {
	Ts          int64  `json:"ts"`
	WmIndex     int    `json:"wmIndex"`
	UserSession string `json:"userSession"`
	UserID      string `json:"userId"`
	AlertType   string `json:"alertType"`
	Message     string `json:"message"`
}

// key is what the case's stream is keyed by.
func (c *CEPCase) key(e *CEPEvent) string {
	switch c.KeyField {
	case "userSession":
		return e.UserSession
	case "userId":
		return e.UserID
	}
	if e.Key == "" {
		return "k"
	}
	return e.Key
}

// kind is what a condition on "type" sees.
func (e CEPEvent) kind() string {
	if e.EventType != "" {
		return e.EventType
	}
	return e.Type
}

// cepFields are the fields that the conditions of the cases name.
var cepFields = rules.Fields[CEPEvent]{
	Text: map[string]func(CEPEvent) string{
		"type":      CEPEvent.kind,
		"productId": func(e CEPEvent) string { return e.ProductID },
	},
	Number: map[string]func(CEPEvent) float64{
		"price": func(e CEPEvent) float64 { return e.Price },
	},
}

// decode reads the case's pattern.
func (c *CEPCase) decode() (nfa.Pattern[CEPEvent], error) { return rules.Decode(c.Pattern, cepFields) }

// LoadCEP reads all cases of a folder: none if it has none.
func LoadCEP(dir fs.FS) ([]CEPCase, error) {
	var all []CEPCase
	for _, glob := range []string{"suite/*.json", "business/*.json", "random.jsonl"} {
		files, err := fs.Glob(dir, glob)
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		for _, file := range files {
			b, err := fs.ReadFile(dir, file)
			if err != nil {
				return nil, err
			}
			cases, err := readCEP(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			all = append(all, cases...)
		}
	}
	return all, nil
}

// readCEP reads cases that stand behind each other.
func readCEP(b []byte) (cases []CEPCase, err error) {
	d := json.NewDecoder(bufio.NewReader(bytes.NewReader(b)))
	for d.More() {
		var c CEPCase
		if err := d.Decode(&c); err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

//go:generate go run ./pack testdata/cep.tar.gz cep

// ArchivedCEP returns the cases of the repository.
func ArchivedCEP() ([]CEPCase, error) {
	f, err := archives.Open("testdata/cep.tar.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, err := files(f)
	if err != nil {
		return nil, err
	}
	return LoadCEP(dir)
}
