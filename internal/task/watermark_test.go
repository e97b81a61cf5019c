package task

import (
	"testing"

	"pgregory.net/rapid"
)

// heard is a clock of a task that reads one internal topic, written by group "w".
func heard() *clock {
	return newClock(&Group{Inputs: []*Input{{Topic: &Topic{Name: "in", Kind: Repartition, Writers: []string{"w"}}}}})
}

func (c *clock) say(partition, of int32, watermark int64, idle bool) {
	c.hear("in", &stamp{group: SenderID("w"), partition: partition, of: of, watermark: watermark, idle: idle})
}

func wantClock(t *testing.T, what string, c *clock, now int64, idle bool) {
	t.Helper()
	if c.now != now || c.idle != idle {
		t.Errorf("%s: at %d, idle %v; want %d, %v", what, c.now, c.idle, now, idle)
	}
}

func TestTimeIsTheMinimumOverAllSendersAndUnknownOnesHoldIt(t *testing.T) {
	c := heard()
	wantClock(t, "before anything", c, NoTime, false)
	c.say(0, 3, 100, false)
	c.say(2, 3, 300, false)
	wantClock(t, "sender 1 is unknown", c, NoTime, false)
	c.say(1, 3, 200, false)
	wantClock(t, "all are known", c, 100, false)
	c.say(0, 3, 250, false)
	wantClock(t, "the slowest went on", c, 200, false)
	c.say(1, 3, 150, false)
	wantClock(t, "a sender went back", c, 200, false)
}

func TestASenderThatDoesNotKnowTheTimeHoldsIt(t *testing.T) {
	c := heard()
	c.say(0, 2, 100, false)
	c.say(1, 2, NoTime, false)
	wantClock(t, "sender 1 has no time", c, NoTime, false)
}

func TestIdleSendersAreNotWaitedFor(t *testing.T) {
	c := heard()
	c.say(0, 2, 100, false)
	c.say(1, 2, NoTime, true)
	wantClock(t, "one never had anything", c, 100, false)
	c.say(1, 2, 50, false)
	wantClock(t, "it came back, behind", c, 100, false)
	c.say(0, 2, 200, false)
	wantClock(t, "and holds time", c, 100, false)
}

func TestWhenAllAreIdleTheLargestTimeCounts(t *testing.T) {
	c := heard()
	c.say(0, 2, 100, true)
	c.say(1, 2, 300, true)
	wantClock(t, "all idle", c, 300, true)
	c.say(0, 2, 150, false)
	wantClock(t, "one is back, behind", c, 300, false)
	c.say(0, 2, 400, false)
	wantClock(t, "it went on", c, 400, false)
}

func TestALargerNumberOfSendersHoldsTimeUntilTheNewOnesReport(t *testing.T) {
	c := heard()
	c.say(0, 2, 100, false)
	c.say(1, 2, 100, false)
	c.say(1, 4, 500, false)
	c.say(0, 4, 500, false)
	wantClock(t, "two are new", c, 100, false)
	c.say(2, 4, 600, false)
	c.say(3, 4, NoTime, true)
	wantClock(t, "they reported", c, 500, false)
	c.say(0, 2, 700, false) // a record from before
	c.say(1, 4, 700, false)
	wantClock(t, "none is forgotten", c, 600, false)
}

func TestAGroupOfIdleSendersThatGrowsIsNotIdleAnyMore(t *testing.T) {
	c := heard()
	c.say(0, 1, 100, true)
	wantClock(t, "one sender", c, 100, true)
	c.say(0, 2, 100, true)
	wantClock(t, "one is new", c, 100, false)
}

func TestGroupsThatAreNoWritersAreIgnored(t *testing.T) {
	c := heard()
	c.hear("in", &stamp{group: SenderID("stranger"), partition: 0, of: 1, watermark: 100})
	c.hear("elsewhere", &stamp{group: SenderID("w"), partition: 0, of: 1, watermark: 100})
	wantClock(t, "strangers spoke", c, NoTime, false)
	if len(c.list()) != 0 {
		t.Errorf("senders %v", c.list())
	}
}

func TestAnEmptyPartitionOfTheOutsideWorldHoldsTimeUntilItIsIdle(t *testing.T) {
	c := newClock(&Group{Inputs: []*Input{{Topic: &Topic{Name: "ext"}}}})
	wantClock(t, "at the start", c, NoTime, false)
	c.external("ext", NoTime, true)
	wantClock(t, "declared idle", c, NoTime, true)
	c.wake("ext")
	wantClock(t, "a record came", c, NoTime, false)
	c.external("ext", -5, false)
	wantClock(t, "from before 1970", c, -5, false)
}

func TestTheSlowestSenderIsListedFirst(t *testing.T) {
	c := heard()
	c.say(0, 3, 300, false)
	c.say(1, 3, 100, true)
	list := c.list()
	if len(list) != 3 || list[0].Partition != 2 || list[0].Watermark != NoTime || list[1] != (Sender{"in", SenderID("w"), 1, 100, true}) {
		t.Errorf("%+v", list)
	}
}

// The clock in a few lines, without any shortcut.
type plainClock struct {
	senders map[int32]sender
	of      int32
	now     int64
	idle    bool
}

func (p *plainClock) say(partition, of int32, watermark int64, idle bool) {
	p.of = max(p.of, of)
	p.senders[partition] = sender{watermark: max(watermark, p.at(partition)), idle: idle, known: true}
	lowest, highest := EndOfTime, NoTime
	p.idle = true
	for i := range p.of {
		s := p.senders[i]
		if !s.known {
			p.idle = false
			return
		}
		highest = max(highest, s.watermark)
		if !s.idle {
			p.idle = false
			lowest = min(lowest, s.watermark)
		}
	}
	if p.idle {
		lowest = highest
	}
	p.now = max(p.now, lowest)
}

func (p *plainClock) at(partition int32) int64 {
	if s, ok := p.senders[partition]; ok {
		return s.watermark
	}
	return NoTime
}

func TestTheClockEqualsAPlainOneNeverFallsAndSurvivesRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, p := heard(), &plainClock{senders: map[int32]sender{}, now: NoTime}
		of, last := int32(1), NoTime
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "scale out") == 0 {
				of++
			}
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				again := heard()
				if err := again.restore(c.encode()); err != nil {
					t.Fatal(err)
				}
				c = again
			}
			partition := rapid.Int32Range(0, of-1).Draw(t, "partition")
			watermark := rapid.Int64Range(0, 20).Draw(t, "watermark")
			idle := rapid.IntRange(0, 2).Draw(t, "idle") == 0
			c.say(partition, of, watermark, idle)
			p.say(partition, of, watermark, idle)
			if c.now != p.now || c.idle != p.idle {
				t.Fatalf("at %d, idle %v; want %d, %v", c.now, c.idle, p.now, p.idle)
			}
			if c.now < last {
				t.Fatalf("fell from %d to %d", last, c.now)
			}
			last = c.now
		}
	})
}
