package sqlsink

import (
	"errors"
	"fmt"
)

var (
	// ErrFenced is returned when another process has taken over a table.
	ErrFenced = errors.New("another sqlsink has taken over the table")

	// errMissed ends a session when deletes may have been missed: the next one reconciles.
	errMissed = errors.New("tombstones may have been dropped before they were read")
)

// databaseError is one of the database's that trying again would not mend. It ends the process.
type databaseError struct {
	doing string
	err   error
}

func (e *databaseError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *databaseError) Unwrap() error { return e.err }

// isFinal reports whether a session's error ends the process.
func isFinal(err error) bool {
	var d *databaseError
	return errors.Is(err, ErrFenced) || errors.As(err, &d)
}

// explain says what to do about an error of the database at the start.
func explain(d dialect, settings Database, doing string, err error) error {
	switch d.judge(err) {
	case denied:
		return fmt.Errorf("%s at %s: the database refuses the user or the password: %w", doing, settings, err)
	case passing:
		return fmt.Errorf("%s at %s: no answer: check the address, TLS and whether the server runs: %w", doing, settings, err)
	}
	return fmt.Errorf("%s at %s: %w", doing, settings, err)
}
