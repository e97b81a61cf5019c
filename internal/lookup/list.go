package lookup

import "net/http"

type listAnswer struct {
	Table    string    `json:"table"`
	Rows     []rowJSON `json:"rows"`
	Cursor   *string   `json:"cursor"` // null: these were the last rows
	Position string    `json:"position"`
}

type listQuery struct {
	prefix, after string
	limit         int
	asked         freshness
}

// list answers rows in key order, page by page. A row that is written while a
// client walks the pages is seen if its key is still ahead.
func (h *Handler) list(w http.ResponseWriter, r *http.Request, table Table) error {
	info := table.Info()
	q, err := h.listQuery(r, info)
	if err != nil {
		return err
	}
	offsets, err := h.await(w, r, table, q.asked)
	if err != nil {
		return err
	}
	rows, err := table.Scan(q.prefix, q.after, q.limit+1) // one more tells whether there is a next page
	if err != nil {
		return err
	}
	position := positionOf(offsets).String()
	w.Header().Set(positionHeader, position)
	return writeJSON(w, http.StatusOK, listed(info.Name, rows, q.limit, position))
}

func (h *Handler) listQuery(r *http.Request, info Info) (listQuery, error) {
	var parsed listQuery
	q, err := parseQuery(r, "prefix", "limit", "cursor", "min_position", "wait")
	if err != nil {
		return parsed, err
	}
	parsed.prefix = q.text("prefix")
	if parsed.limit, err = q.limit(); err != nil {
		return parsed, err
	}
	if parsed.after, err = q.cursor(parsed.prefix); err != nil {
		return parsed, err
	}
	parsed.asked, err = h.freshness(q, info)
	return parsed, err
}

func listed(table string, rows []Row, limit int, position string) listAnswer {
	answer := listAnswer{Table: table, Rows: make([]rowJSON, 0, len(rows)), Position: position}
	if len(rows) > limit {
		rows = rows[:limit]
		cursor := cursorAfter(rows[limit-1].Key)
		answer.Cursor = &cursor
	}
	for _, row := range rows {
		answer.Rows = append(answer.Rows, rowJSON{row.Key, row.Value})
	}
	return answer
}
