package golden

import (
	"fmt"
	"math"
	"slices"

	"github.com/tributary-go/tributary/cep/nfa"
)

// cepOperator drives the automaton as Flink's operator does: events of a key wait for the watermark, and timers
// stand at their times and at the ends of windows. Package cep has its own way (a time-out has a timer of its
// own, whatever the pattern); this one is here to compare the automaton with Flink's answers to the letter.
type cepOperator struct {
	a    *nfa.Automaton[CEPEvent]
	keys map[string]*cepKey
	now  int64
	wm   int
	out  CEPOutput
}

// CEPOutput is what came of a case.
type CEPOutput struct {
	Found []CEPFound // matches and time-outs by Seq
	Outs  []bool     // by Seq: it is a time-out
	Late  []string
	Err   error // the automaton failed; the job ended there
}

type cepKey struct {
	name    string
	runs    nfa.Runs[CEPEvent]
	seq     uint64
	waiting []CEPEvent
	timers  []int64
	started bool // since the runs were stored last
}

// runCEP runs a case. The error is that of a malformed pattern.
func runCEP(c *CEPCase) (CEPOutput, error) {
	p, err := c.decode()
	if err != nil {
		return CEPOutput{}, err
	}
	a, err := nfa.Compile(p)
	if err != nil {
		return CEPOutput{}, err
	}
	o := &cepOperator{a: a, keys: map[string]*cepKey{}, now: math.MinInt64, wm: -1}
	latest := int64(math.MinInt64)
	for i := range c.Events {
		e := &c.Events[i]
		o.take(c.key(e), *e)
		latest = max(latest, e.Ts)
		o.watermark(latest - c.BoundMs)
	}
	o.watermark(math.MaxInt64)
	return o.out, nil
}

func (o *cepOperator) take(key string, e CEPEvent) {
	if e.Ts <= o.now {
		o.out.Late = append(o.out.Late, e.ID)
		return
	}
	k := o.keys[key]
	if k == nil {
		k = &cepKey{name: key}
		o.keys[key] = k
	}
	k.waiting = append(k.waiting, e)
	k.setTimer(e.Ts)
}

func (k *cepKey) setTimer(at int64) {
	if !slices.Contains(k.timers, at) {
		k.timers = append(k.timers, at)
		slices.Sort(k.timers)
	}
}

// watermark fires the timers that are due, those of all keys in the order of time.
func (o *cepOperator) watermark(at int64) {
	if at <= o.now {
		return
	}
	o.now = at
	o.wm++
	for o.out.Err == nil {
		k := o.due()
		if k == nil {
			return
		}
		k.timers = k.timers[1:]
		o.fire(k)
	}
}

func (o *cepOperator) due() (first *cepKey) {
	for _, k := range o.keys {
		if len(k.timers) == 0 || k.timers[0] > o.now {
			continue
		}
		if first == nil || k.timers[0] < first.timers[0] || k.timers[0] == first.timers[0] && k.name < first.name {
			first = k
		}
	}
	return first
}

// fire processes the events of a key up to the watermark, and lets time go on to it.
func (o *cepOperator) fire(k *cepKey) {
	slices.SortStableFunc(k.waiting, func(a, b CEPEvent) int { return int(max(-1, min(1, a.Ts-b.Ts))) })
	for len(k.waiting) > 0 && k.waiting[0].Ts <= o.now && o.out.Err == nil {
		at := k.waiting[0].Ts
		o.advance(k, at)
		for len(k.waiting) > 0 && k.waiting[0].Ts == at && o.out.Err == nil {
			e := k.waiting[0]
			k.waiting = k.waiting[1:]
			o.process(k, e)
		}
	}
	o.advance(k, o.now)
	k.started = false
}

func (o *cepOperator) advance(k *cepKey, now int64) {
	if o.out.Err != nil {
		return
	}
	runs, found, err := o.a.Advance(k.runs, now)
	k.runs = runs
	o.report(k, now, found, err)
}

// process takes an event. Flink sets the timer of a window when a run begins, and for the other events at the
// same watermark too; it sets none for a run that began at the epoch or before.
func (o *cepOperator) process(k *cepKey, e CEPEvent) {
	k.seq++
	runs, found, err := o.a.Process(k.runs, &nfa.Event[CEPEvent]{Seq: k.seq, Time: e.Ts, Value: e})
	k.runs = runs
	k.started = k.started || found.Started && e.Ts > 0
	if k.started && o.a.Window() > 0 {
		k.setTimer(e.Ts + o.a.Window())
	}
	o.report(k, e.Ts, found, err)
}

func (o *cepOperator) report(k *cepKey, now int64, found nfa.Outcome[CEPEvent], err error) {
	if err != nil {
		o.out.Err = fmt.Errorf("key %s: %w", k.name, err)
	}
	for _, m := range found.Matches {
		o.add(k, now, m, false)
	}
	for _, m := range found.TimedOut {
		o.add(k, m.At, m.Match, true)
	}
}

func (o *cepOperator) add(k *cepKey, at int64, m nfa.Match[CEPEvent], timeout bool) {
	f := CEPFound{Key: k.name, Ts: at, Events: map[string][]string{}, WmIndex: o.wm, Seq: len(o.out.Found)}
	for _, t := range m.Taken() {
		f.Events[t.Step] = append(f.Events[t.Step], t.Event.Value.ID)
	}
	o.out.Found, o.out.Outs = append(o.out.Found, f), append(o.out.Outs, timeout)
}
