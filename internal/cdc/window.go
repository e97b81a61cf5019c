package cdc

// window lays one chunk between the changes, see the package's comment.
type window struct {
	noted map[string]struct{} // keys of changes, until the chunk is there
	chunk *Chunk              // nil until then
	at    map[string]int      // where the row of a key lies in the chunk
}

func newWindow() *window { return &window{noted: make(map[string]struct{})} }

// note says that a change of this key is written.
func (w *window) note(key []byte) {
	if w.chunk == nil {
		w.noted[string(key)] = struct{}{}
		return
	}
	if i, there := w.at[string(key)]; there {
		w.chunk.Rows[i] = Row{}
		delete(w.at, string(key))
	}
}

// load takes the chunk without the rows that have changed meanwhile.
func (w *window) load(c Chunk) {
	w.at = make(map[string]int, len(c.Rows))
	for i, row := range c.Rows {
		if _, changed := w.noted[string(row.Key)]; changed {
			c.Rows[i] = Row{}
			continue
		}
		w.at[string(row.Key)] = i
	}
	w.chunk, w.noted = &c, nil
}

// ready reports whether the chunk may be written now.
func (w *window) ready(at At) bool { return w.chunk != nil && at.Reached(w.chunk.High) }

// rows are those left of the chunk.
func (w *window) rows() []Row {
	rows := w.chunk.Rows[:0]
	for _, row := range w.chunk.Rows {
		if row.Key != nil {
			rows = append(rows, row)
		}
	}
	return rows
}
