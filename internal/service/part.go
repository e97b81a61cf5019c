package service

import (
	"context"
	"errors"
)

// Part is something that runs for as long as the process does: a processor, a
// server, a view.
type Part struct {
	Name string // as it stands in logs and errors

	// Run works until ctx ends and then returns within the grace period of
	// Run. An error ends the process, nil ends only this part; after ctx has
	// ended, ctx's own error counts as nil.
	Run func(ctx context.Context) error
}

// ErrStop is returned by a part to end the process without an error, such as
// when all input has been drained.
var ErrStop = errors.New("stop the process")
