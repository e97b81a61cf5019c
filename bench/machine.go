package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine is what figures depend on besides the programs.
type machine struct {
	processor, memory, system, load string
	cores                           int
	golang, java, revision          string
	day                             string
}

// Versions of the peers, as their build files name them, and of the broker.
const (
	kafkaVersion = "4.3.0"
	flinkVersion = "2.2.0"
)

func describeMachine(ctx context.Context, root string) machine {
	return machine{
		processor: field("/proc/cpuinfo", "model name"), memory: field("/proc/meminfo", "MemTotal"),
		system: firstLine(ctx, root, "uname", "-sr"), load: load(), cores: runtime.NumCPU(),
		golang: runtime.Version(), java: firstLine(ctx, root, "java", "-version"),
		revision: firstLine(ctx, root, "git", "describe", "--always", "--dirty"), day: time.Now().UTC().Format(time.DateOnly),
	}
}

func (m machine) markdown() string {
	var b strings.Builder
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(&b, "- %s: %s\n", what, value)
		}
	}
	line("Machine", fmt.Sprintf("%d cores of %s, memory %s, %s", m.cores, m.processor, m.memory, m.system))
	line("Load before the run (1 minute)", m.load)
	line("Versions", fmt.Sprintf("Tributary %s, %s; Kafka and Kafka Streams %s, Flink %s, %s", m.revision, m.golang, kafkaVersion, flinkVersion, m.java))
	line("Broker", "one node in KRaft mode on the same machine, 1 GB of heap, nothing compressed")
	line("Day", m.day)
	return b.String()
}

// field finds "name : value" in a file of /proc.
func field(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := bytes.Cut(text, []byte(" "))
	return string(first)
}

// firstLine of what a command prints; empty if it can't be run.
func firstLine(ctx context.Context, dir, name string, args ...string) string {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput() // java prints its version to standard error
	line, _, _ := bytes.Cut(out, []byte("\n"))
	return strings.TrimSpace(string(line))
}
