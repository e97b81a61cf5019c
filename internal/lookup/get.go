package lookup

import (
	"encoding/json"
	"net/http"
)

type getAnswer struct {
	Table    string          `json:"table"`
	Key      string          `json:"key"`
	Value    json.RawMessage `json:"value"`
	Position Mark            `json:"position"`
}

// get answers one row. Only the partition of the key is waited for: what
// min_position says of others has no bearing on this row.
func (h *Handler) get(w http.ResponseWriter, r *http.Request, table Table, key string) error {
	q, err := parseQuery(r, "min_position", "wait")
	if err != nil {
		return err
	}
	info := table.Info()
	asked, err := h.freshness(q, info)
	if err != nil {
		return err
	}
	partition := table.PartitionOf(key)
	asked.position = asked.position.of(partition)
	offsets, err := h.await(w, r, table, asked)
	if err != nil {
		return err
	}
	position := markOf(offsets, partition)
	row, found, err := table.Get(key)
	if err != nil {
		return err
	}
	w.Header().Set(positionHeader, position.String())
	if !found {
		return fail(http.StatusNotFound, codeUnknownKey, "table %s has no row with key %q", info.Name, key)
	}
	return writeJSON(w, http.StatusOK, getAnswer{info.Name, key, row.Value, position})
}
