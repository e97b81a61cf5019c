//go:build race

package countsum_test

func init() { raceDetector = true }
