package service

import (
	"encoding/json"
	"net/http"
	"slices"
)

// readiness is the answer of /readyz: 200 if all checks are ready, else 503.
type readiness struct {
	Ready  bool         `json:"ready"`
	Checks []checkState `json:"checks"` // in the order they were added
}

type checkState struct {
	Name   string `json:"name"`
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"` // what is waited for
}

func (h *Health) ready(w http.ResponseWriter, _ *http.Request) {
	state := h.readiness()
	status := http.StatusOK
	if !state.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	answer(w, status, state)
}

func (h *Health) readiness() readiness {
	h.mu.Lock()
	checks := slices.Clone(h.checks) // a check may take its own locks
	h.mu.Unlock()
	state := readiness{Ready: true, Checks: make([]checkState, 0, len(checks))}
	for _, check := range checks {
		one := checkState{Name: check.name, Ready: true}
		if err := check.ready(); err != nil {
			one.Ready, one.Reason, state.Ready = false, err.Error(), false
		}
		state.Checks = append(state.Checks, one)
	}
	return state
}

// problem is a failure in the form that all our servers answer.
type problem struct {
	Code    string `json:"error"`
	Message string `json:"message"`
}

func nothingElse(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusNotFound, problem{"unknown_path", "there is nothing at " + r.URL.Path + ": /healthz, /readyz and /metrics are"})
}

func refuseMethod(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	answer(w, http.StatusMethodNotAllowed, problem{"method_not_allowed", r.Method + " is not allowed: GET or HEAD"})
}

// answer ignores the error of the write: the client has gone then.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
