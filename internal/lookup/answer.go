package lookup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// positionHeader carries the text of the position that an answer reflects.
const positionHeader = "Tributary-Position"

// rowJSON is a row in a list and in a watch.
type rowJSON struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// writeJSON writes nothing if body cannot be written as JSON.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	writeBody(w, status, "application/json", text.Bytes())
	return nil
}

// writeBody ignores the error of the write: the client has gone then, and
// there is nobody left to tell.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // net/http leaves the body of an answer to HEAD out
}

func writeFailure(w http.ResponseWriter, problem *failure) {
	problem.header(w.Header())
	_ = writeJSON(w, problem.status, problem) // two strings: always JSON
}
