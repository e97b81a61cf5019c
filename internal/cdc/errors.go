package cdc

import "errors"

// ErrStop is wrapped in errors that another try does not mend: what is wrong must be put right by a person first.
var ErrStop = errors.New("the capture stops")

// ErrTaken is wrapped in the error of a capture that finds that another process has its name. It stops.
var ErrTaken = errors.New("another process captures under the same name")
