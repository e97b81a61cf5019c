//go:build race

package codecs

// Under the race detector pools drop things on purpose.
func init() { raceDetector = true }
