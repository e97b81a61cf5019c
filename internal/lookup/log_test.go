package lookup_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

func recordingLog() (*slog.Logger, *logLines) {
	lines := &logLines{}
	return slog.New(slog.NewTextHandler(lines, nil)), lines
}
