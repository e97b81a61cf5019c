package lookup

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// sse writes server-sent events. Each write must be done within timeout, so
// that a reader which has stopped reading cannot hold its watch for ever.
type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	buffer  bytes.Buffer
}

// flushSize is how many bytes are collected before they are sent.
const flushSize = 32 << 10

func newSSE(w http.ResponseWriter, timeout time.Duration) *sse {
	return &sse{w: w, control: http.NewResponseController(w), timeout: timeout}
}

// streamHeader is the header of a watch; proxies are asked not to buffer it.
func streamHeader(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
}

// open tells the reader to come back a second after the stream has ended.
func (s *sse) open() error {
	streamHeader(s.w.Header())
	s.w.WriteHeader(http.StatusOK)
	s.buffer.WriteString("retry: 1000\n\n")
	return s.flush()
}

// send writes events and flushes at the end.
func (s *sse) send(events []event, ready func() readyJSON) error {
	for _, e := range events {
		if err := s.event(e, ready); err != nil {
			return err
		}
		if s.buffer.Len() < flushSize {
			continue
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *sse) event(e event, ready func() readyJSON) error {
	if e.ready {
		body := ready()
		return s.write("ready", body.Position, body)
	}
	id := ""
	if e.marked {
		id = Mark{e.change.Partition, e.change.Offset + 1}.String()
	}
	if e.change.Deleted {
		return s.write("delete", id, deleteJSON{e.change.Key})
	}
	return s.write("row", id, rowJSON{e.change.Key, e.change.Value})
}

// readyJSON says which position all rows sent so far reflect.
type readyJSON struct {
	Table    string `json:"table"`
	Position string `json:"position"`
}

type deleteJSON struct {
	Key string `json:"key"`
}

// write puts an event into the buffer; the encoder leaves no line break in it.
func (s *sse) write(name, id string, body any) error {
	s.buffer.WriteString("event: " + name + "\n")
	if id != "" {
		s.buffer.WriteString("id: " + id + "\n")
	}
	s.buffer.WriteString("data: ")
	encoder := json.NewEncoder(&s.buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return err
	}
	s.buffer.WriteString("\n")
	return nil
}

// beat keeps proxies from closing a quiet stream, and finds readers that left.
func (s *sse) beat() error {
	s.buffer.WriteString(": still here\n\n")
	return s.flush()
}

// last writes a final event, if the reader still takes it.
func (s *sse) last(name string, problem *failure) error {
	if err := s.write(name, "", problem); err != nil {
		return err
	}
	return s.flush()
}

func (s *sse) flush() error {
	defer s.buffer.Reset()
	// A writer without deadlines is a test's: it does not block.
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout))
	if _, err := s.w.Write(s.buffer.Bytes()); err != nil {
		return err
	}
	return s.control.Flush()
}
