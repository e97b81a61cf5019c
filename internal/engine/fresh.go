package engine

import "time"

const (
	// checkEvery is how often a worker looks whether its partition still is ours.
	checkEvery = time.Minute
	// noteEvery is how often that is written down in a store to which nothing else is written.
	noteEvery = time.Hour
)

// freshen notes that the local store is complete, though nothing was written to its changelog for a while.
// What is noted is the check before: that the partition is ours now is known only once the heartbeats since
// have been answered, and a process that was stopped for days finds out a moment after it has gone on.
func (w *worker) freshen(now time.Time) {
	if w.store == nil || now.Sub(w.checked) < checkEvery {
		return
	}
	w.store.completeAt(w.checked)
	w.checked = now
	if now.Sub(w.noted) < noteEvery {
		return
	}
	w.noted = now
	w.life.background.Go(func() {
		if err := w.note(); err != nil {
			w.life.fail(err)
		}
	})
}

func (w *worker) note() error {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	if w.retired {
		return nil
	}
	return w.store.write(nil, -1)
}
