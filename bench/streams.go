package main

import (
	"os/exec"
	"path/filepath"
	"strings"
)

const streamsFolder = "bench/peers/kstreams"

// streams starts the Kafka Streams program. flags are more of its key=value arguments.
func (b *bench) streams(name, in, out, state string, flags ...string) (*process, error) {
	target := filepath.Join(b.root, streamsFolder, "target")
	args := append([]string{
		"-Xmx1g", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
		"-cp", strings.Join([]string{filepath.Join(target, "classes"), filepath.Join(target, "lib", "*")}, ":"), "bench.CountSum",
		"brokers=" + b.kafka.address, "app=" + name, "in=" + in, "out=" + out, "dir=" + state,
	}, flags...)
	return b.start(name, exec.Command("java", args...))
}
