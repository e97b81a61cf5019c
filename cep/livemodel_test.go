package cep_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tributary-go/tributary/stream/streamtest"
)

// modelClick is a click, at seconds after noon.
type modelClick struct {
	id   int
	who  string
	kind string
	at   float64
}

// modelVersion is a version with the time in which it begins runs, in seconds: from is not part of it.
type modelVersion struct {
	name, state   string
	number        int
	first, second string
	window, drain float64
	from, until   float64
}

const forEver = 1e9

func (v modelVersion) document() string {
	return fmt.Sprintf("%s %d %s %s %s %g drain %g", v.name, v.number, v.state, v.first, v.second, v.window, v.drain)
}

// model is what should come of clicks, straight from the definition: the stream is split at each change.
type model struct {
	clicks   []modelClick
	versions []modelVersion
	now      float64 // the watermark
}

func (m *model) end(name string) {
	for i := range m.versions {
		if v := &m.versions[i]; v.name == name {
			v.until = min(v.until, m.now)
		}
	}
}

func (m *model) put(v modelVersion) {
	m.end(v.name)
	v.from, v.until = m.now, forEver
	m.versions = append(m.versions, v)
}

// inForce is the version of a rule that was put last, unless it ended.
func (m *model) inForce(name string) *modelVersion {
	for i := range m.versions {
		if v := &m.versions[i]; v.name == name && v.until == forEver {
			return v
		}
	}
	return nil
}

// alerts are those up to a time, as said has them.
func (m *model) alerts(end float64) (all []string) {
	for _, v := range m.versions {
		for i, first := range m.clicks {
			if v.state != "active" || first.kind != v.first || first.at <= v.from || first.at > v.until {
				continue
			}
			if text := v.run(first, m.clicks[i+1:], end); text != "" {
				all = append(all, text)
			}
		}
	}
	slices.Sort(all)
	return all
}

// run is what comes of the run that a click begins; "": nothing.
func (v modelVersion) run(first modelClick, rest []modelClick, end float64) string {
	window := v.window
	if window == 0 {
		window = forEver
	}
	gone := v.until + max(v.drain, v.window) // of its runs, strictly before
	for _, c := range rest {
		if c.at-first.at >= window || c.at > end {
			break
		}
		if c.who == first.who && c.kind == v.second {
			if c.at > gone {
				return ""
			}
			return fmt.Sprintf("%s: v%d %d %d at %v", first.who, v.number, first.id, c.id, c.at)
		}
	}
	if closes := first.at + window; closes <= end && closes <= gone {
		return fmt.Sprintf("%s: v%d left %d at %v", first.who, v.number, first.id, closes)
	}
	return ""
}

func TestChangesSplitTheStreamWhereTheyCome(t *testing.T) {
	type step struct {
		click  *modelClick
		put    *modelVersion
		remove string
	}
	kind := rapid.SampledFrom([]string{"a", "b", "c"})
	name := rapid.SampledFrom([]string{"r", "s"})
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			return step{remove: name.Draw(t, "name")}
		case 1, 2:
			v := &modelVersion{
				name: name.Draw(t, "name"), state: rapid.SampledFrom([]string{"active", "active", "shadow", "paused"}).Draw(t, "state"),
				first: kind.Draw(t, "first"), second: kind.Draw(t, "second"),
				window: rapid.SampledFrom([]float64{0, 5, 40}).Draw(t, "window"), drain: rapid.SampledFrom([]float64{3, 50}).Draw(t, "drain"),
			}
			return step{put: v}
		}
		return step{click: &modelClick{who: rapid.SampledFrom([]string{"ann", "eve"}).Draw(t, "who"), kind: kind.Draw(t, "kind"), at: float64(rapid.IntRange(1, 9).Draw(t, "after"))}}
	}), 1, 60)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		d := streamtest.New(t, liveShop(t), now)
		d.SetIdle("rules", 0, true)
		m := model{now: -forEver}
		at := 0.0
		for i, s := range steps.Draw(t, "steps") {
			switch {
			case s.click != nil:
				at += s.click.at
				c := modelClick{i, s.click.who, s.click.kind, at}
				m.clicks, m.now = append(m.clicks, c), at-2
				send(t, d, fmt.Sprintf("%d %s %s %g", c.id, c.who, c.kind, c.at))
				d.Run()
			case s.put != nil:
				v := *s.put
				if v.number = 1; m.inForce(v.name) != nil {
					v.number = m.inForce(v.name).number + 1
				}
				m.put(v)
				put(d, v.document())
			default:
				m.end(s.remove)
				put(d, s.remove)
			}
			if rapid.IntRange(0, 19).Draw(t, "restart") == 0 {
				d.Restart()
				d.SetIdle("rules", 0, true)
			}
		}
		send(t, d, fmt.Sprintf("99 eve none %g", at+300))
		d.Run()
		want := m.alerts(at + 298)
		got := strings.Split(said(d), ", ")
		if got[0] == "" {
			got = nil
		}
		slices.Sort(got)
		found += len(got)
		if !slices.Equal(got, want) {
			t.Fatalf("alerts %q\nwant   %q", got, want)
		}
		if l := d.DeadLetters(); len(l) > 0 {
			t.Fatalf("refused: %+v", l[0])
		}
	})
	if found == 0 {
		t.Error("nothing was found")
	}
}
