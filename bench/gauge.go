package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// gauge reads one of the process's own metrics about a group.
func (p *processor) gauge(ctx context.Context, name, group string) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.health+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("read the metrics of %s: %w", p.name, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, fmt.Errorf("read the metrics of %s: %w", p.name, err)
	}
	return parseGauge(text, name, group)
}

// parseGauge finds a metric with one label in Prometheus' text format.
func parseGauge(text []byte, name, group string) (float64, error) {
	begin := fmt.Appendf(nil, "%s{group=%q} ", name, group)
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, begin); ok {
			return strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s of group %s", name, group)
}
