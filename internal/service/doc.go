// Package service starts the parts of a process, watches over them and stops
// them in time.
package service
