package cdc

// merge puts changes and chunks into one order and counts how far they lead. It waits for nothing.
type merge struct {
	position Position
	window   *window // nil: no chunk is under way

	rows  []Row // since the last take
	bytes int
	moved bool // the snapshot has got on since the last take
}

func newMerge(p Position) *merge {
	p.At = p.At.clone()
	return &merge{position: p}
}

// change takes the next transaction of the log.
func (m *merge) change(u Unit) {
	m.position.At.advance(u.Step)
	if u.Time.After(m.position.Time) {
		m.position.Time = u.Time
	}
	m.add(u.Rows)
	if m.window == nil {
		return
	}
	for _, row := range u.Rows {
		m.window.note(row.Key)
	}
	m.settle()
}

// open begins the window of the next chunk and returns what a select must be able to see before the chunk is read.
func (m *merge) open() At {
	m.window = newWindow()
	return m.position.At.clone()
}

// chunk takes the chunk of the open window.
func (m *merge) chunk(c Chunk) {
	m.window.load(c)
	m.settle()
}

// settle writes the chunk once its high mark is reached.
func (m *merge) settle() {
	if !m.window.ready(m.position.At) {
		return
	}
	c := m.window.chunk
	rows := m.window.rows()
	m.add(rows)
	s := &m.position.Snapshot
	s.Rows += int64(len(rows))
	s.After, s.Done = c.Last, c.End
	if s.Done {
		s.By, s.After, s.Until = nil, nil, nil
	}
	m.window, m.moved = nil, true
}

func (m *merge) add(rows []Row) {
	m.rows = append(m.rows, rows...)
	for _, row := range rows {
		m.bytes += row.size()
	}
}

// due reports whether there is something that should not wait for a heartbeat.
func (m *merge) due() bool { return len(m.rows) > 0 || m.moved }

// take hands over the rows and the position that they lead to.
func (m *merge) take() ([]Row, Position) {
	rows, p := m.rows, m.position
	p.At = p.At.clone()
	m.rows, m.bytes, m.moved = nil, 0, false
	return rows, p
}
