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
	text, err := p.metrics(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the metrics of %s: %w", p.name, err)
	}
	return parseGauge(text, name, group)
}

// metrics are all of the process's own, in Prometheus' text format.
func (p *processor) metrics(ctx context.Context) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.health+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// parseGauge finds a metric with one label in Prometheus' text format.
func parseGauge(text []byte, name, group string) (float64, error) {
	return parseSeries(text, fmt.Sprintf("%s{group=%q}", name, group))
}

// parseSeries finds a metric by its name and labels as they are written.
func parseSeries(text []byte, series string) (float64, error) {
	begin := []byte(series + " ")
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, begin); ok {
			return strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", series)
}
