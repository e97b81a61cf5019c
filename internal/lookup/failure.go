package lookup

import (
	"fmt"
	"net/http"
)

// Codes of the failures, as the field "error" of an answer carries them.
const (
	codeBadRequest       = "bad_request"        // 400: the message says what is wrong with the request
	codeUnknownPath      = "unknown_path"       // 404
	codeUnknownTable     = "unknown_table"      // 404
	codeUnknownKey       = "unknown_key"        // 404
	codeUnknownPattern   = "unknown_pattern"    // 404
	codeOtherPattern     = "other_pattern"      // 409: the partial matches are of a pattern that this program does not have
	codeMethodNotAllowed = "method_not_allowed" // 405: only GET and HEAD
	codePositionAhead    = "position_ahead"     // 425: min_position was not reached in time
	codeReadFailed       = "read_failed"        // 500: the table's store failed
	codeNotReady         = "not_ready"          // 503: the table is still catching up
	codeTooMany          = "too_many"           // 503: as many watchers, or waiting requests, as are allowed
	codeStopping         = "stopping"           // 503: the server is shutting down
)

// failure is an answer other than 200, with a message for people.
type failure struct {
	status  int
	Code    string `json:"error"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

func fail(status int, code, format string, args ...any) *failure {
	return &failure{status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, codeBadRequest, format, args...)
}

// header adds what a client needs to go on.
func (f *failure) header(h http.Header) {
	switch f.status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", "GET, HEAD")
	case http.StatusServiceUnavailable, http.StatusTooEarly:
		h.Set("Retry-After", "1")
	}
}
