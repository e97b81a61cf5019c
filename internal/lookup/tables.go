package lookup

import "net/http"

type tablesAnswer struct {
	Tables []tableJSON `json:"tables"`
}

type tableJSON struct {
	Info
	Ready    bool   `json:"ready"`
	Position string `json:"position"`
}

// listTables answers which tables there are, ready or not, ordered by name.
func (h *Handler) listTables(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	answer := tablesAnswer{Tables: make([]tableJSON, 0, len(h.names))}
	for _, name := range h.names {
		table := h.tables[name]
		answer.Tables = append(answer.Tables, tableJSON{
			Info:     table.Info(),
			Ready:    table.Ready(),
			Position: positionOf(table.Position()).String(),
		})
	}
	return writeJSON(w, http.StatusOK, answer)
}
