package dropkills

import "math/big"

// In which order has the topology met the rows and the events of an id? The rows of an id lie in one partition and
// its events in another, so each has its order. How they interleave is decided by the two groups that re-key them,
// and by what the third reads first; no record says it, and the re-keyed topics are deleted behind their reader.
//
// So the verifier asks for one sequence: is there any interleaving, with everything that the topic held at the start
// before the first event, of which a sequential program makes exactly these updates, these alerts and this last row?
// Updates and alerts name the event that made them and what it was compared with, so hardly ever are there two. The
// owner leaves most ids alone after the start: they have one interleaving, and no choice is left.
//
// Echoes are not rows here: they must change nothing.

// row is a row of the dimension.
type row struct {
	premium, info string
	version       int64
}

type event struct{ premium, info, arrived string }

type update struct {
	row
	arrived string
}

type alert struct {
	premium, info string // that were known
	event
}

// history is all that was written about an id.
type history struct {
	rows    []*row // nil: deleted
	full    int    // rows that were there at the start
	events  []event
	updates []update
	alerts  []alert
	last    *row // in the dimension at the end; nil: none
}

// place is how far a sequential program has come.
type place struct {
	rows, events, updates, alerts int
	known                         bool
	row                           row
}

// explain looks for an interleaving. If there is none it returns how far the best one comes.
func (h *history) explain() (place, bool) {
	s := search{history: h, been: map[place]bool{}}
	found := s.from(place{})
	return s.farthest, found
}

type search struct {
	*history
	been     map[place]bool // and nothing was found from there
	farthest place
}

func (s *search) from(p place) bool {
	if s.been[p] {
		return false
	}
	s.been[p] = true
	if p.beyond(s.farthest) {
		s.farthest = p
	}
	if p.rows == len(s.rows) && p.events == len(s.events) {
		return s.ends(p)
	}
	if p.rows < len(s.rows) && s.from(s.learn(p)) {
		return true
	}
	if p.rows < s.full || p.events == len(s.events) {
		return false
	}
	next, ok := s.compare(p)
	return ok && s.from(next)
}

// beyond: whoever explains more outputs has come farther, and then who has taken in more.
func (p place) beyond(q place) bool {
	if a, b := p.updates+p.alerts, q.updates+q.alerts; a != b {
		return a > b
	}
	return p.rows+p.events > q.rows+q.events
}

func (h *history) ends(p place) bool {
	same := p.known == (h.last != nil) && (h.last == nil || *h.last == p.row)
	return same && p.updates == len(h.updates) && p.alerts == len(h.alerts)
}

// learn takes in the next row, unless what is known is as new.
func (h *history) learn(p place) place {
	next := h.rows[p.rows]
	p.rows++
	switch {
	case next == nil:
		p.known, p.row = false, row{}
	case !p.known || next.version > p.row.version:
		p.known, p.row = true, *next
	}
	return p
}

// compare takes in the next event, if what must come of it is what has come.
func (h *history) compare(p place) (place, bool) {
	e := h.events[p.events]
	p.events++
	if !p.known {
		return p, true
	}
	if fell(p.row.premium, e.premium) {
		if p.alerts == len(h.alerts) || h.alerts[p.alerts] != (alert{p.row.premium, p.row.info, e}) {
			return p, false
		}
		p.alerts++
	}
	if p.row.premium == e.premium && p.row.info == e.info {
		return p, true
	}
	p.row = row{e.premium, e.info, p.row.version + 1}
	if p.updates == len(h.updates) || h.updates[p.updates] != (update{p.row, e.arrived}) {
		return p, false
	}
	p.updates++
	return p, true
}

var ratio = big.NewRat(85, 100)

func fell(raw, now string) bool {
	r, ok := new(big.Rat).SetString(raw)
	n, ok2 := new(big.Rat).SetString(now)
	return ok && ok2 && n.Cmp(r.Mul(r, ratio)) < 0
}
