package lookup

import (
	"encoding/base64"
	"strings"
)

// cursorAfter stands for the rows after a key. Clients pass it on unread.
func cursorAfter(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// cursor returns the key that the rows come after: "" is the start.
func (q query) cursor(prefix string) (string, error) {
	key, err := base64.RawURLEncoding.DecodeString(q.text("cursor"))
	if err != nil {
		return "", badRequest("cursor is %q, which no answer gave: pass the cursor of the last answer, or none to start", q.text("cursor"))
	}
	after := string(key)
	if problem := checkText("cursor", after); problem != nil {
		return "", problem
	}
	if after != "" && !strings.HasPrefix(after, prefix) {
		return "", badRequest("cursor belongs to another prefix than %q: keep the prefix, or start without a cursor", prefix)
	}
	return after, nil
}
