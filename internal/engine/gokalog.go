package engine

import (
	"fmt"
	"log/slog"
)

// gokaLogger passes what goka says on as debug messages: what matters of it comes back as errors.
type gokaLogger struct{ log *slog.Logger }

func (l gokaLogger) Print(a ...any)                 { l.log.Debug(fmt.Sprint(a...)) }
func (l gokaLogger) Println(a ...any)               { l.log.Debug(fmt.Sprint(a...)) }
func (l gokaLogger) Printf(format string, a ...any) { l.log.Debug(fmt.Sprintf(format, a...)) }
