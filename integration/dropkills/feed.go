package dropkills

import (
	"fmt"
	"math/rand/v2"
)

// Event is a record of a premium. All events of an id have its key, so they are in one partition.
type Event struct{ Key, Value string }

// Feed makes events.
type Feed struct {
	IDs     int // in the dimension at the start; another twentieth is not in it
	Touched int // of them have a third of the events: see Owner
	Events  int // after the first round
	Rand    *rand.Rand
	made    int
}

// First is a round of events that wait when the first process starts. Each falls below what the dimension holds.
func (f *Feed) First() []Event {
	var all []Event
	for id := range f.IDs {
		all = append(all, f.event(id, "200", f.text()))
	}
	return all
}

// Rest are the events after it, of random ids: most have a new premium, some say the same as another, and of some
// the premium can't be read.
func (f *Feed) Rest() []Event {
	all := make([]Event, f.Events)
	for i := range all {
		id := f.Rand.IntN(f.IDs + f.IDs/20)
		if f.Rand.IntN(3) == 0 {
			id = f.Rand.IntN(f.Touched)
		}
		premium := premiums[f.Rand.IntN(len(premiums))]
		switch f.Rand.IntN(40) {
		case 0:
			all[i] = f.event(id, "n/a", f.text())
		case 1, 2:
			all[i] = f.event(id, "100", "the same")
		default:
			all[i] = f.event(id, premium, f.text())
		}
	}
	return all
}

// text is one of a kind, so that outputs tell which event made them.
func (f *Feed) text() string {
	f.made++
	return fmt.Sprintf("event %d", f.made)
}

func (f *Feed) event(id int, premium, info string) Event {
	return Event{key(id), fmt.Sprintf(`{"id":%d,"channel":"app","open_id":"o%d","event":"visit","now_premium":%q,"now_info":%q,"gmt_modified":1616650000000}`,
		id, id, premium, info)}
}
