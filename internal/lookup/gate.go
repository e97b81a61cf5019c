package lookup

// gate admits a bounded number at a time and turns the others away.
type gate chan struct{}

func newGate(limit int) gate { return make(gate, limit) }

// enter says whether there was room; who entered leaves.
func (g gate) enter() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) leave() { <-g }
