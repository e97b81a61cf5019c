package stream_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tributary-go/tributary/codecs"
	"github.com/tributary-go/tributary/stream"
	"github.com/tributary-go/tributary/stream/streamtest"
	"github.com/tributary-go/tributary/tables"
)

// Votes are events; moods are a table that others write, told to all tasks. A vote is written with the moods that
// hold when it comes, and after two minutes of event time with those that hold then.

type (
	voter string
	mood  string
)

type vote struct {
	By     string `json:"by" cbor:"1,keyasint,omitzero"`
	Minute int64  `json:"minute" cbor:"2,keyasint,omitzero"`
}

var (
	votes    = stream.NewTopic[stream.Unkeyed]("votes", codecs.JSON[vote](), func(v vote) (time.Time, error) { return minute(v.Minute), nil })
	votesBy  = stream.NewTopic[voter]("polls-votes-by", codecs.Compact[vote](1), nil)
	voters   = tables.New[voter]("polls-voters", codecs.Compact[vote](1))
	moods    = stream.NewTopic[stream.Unkeyed]("moods", codecs.String(), nil)
	moodsNow = codecs.JSON[map[mood]string]()
	outcomes = stream.NewTopic[voter]("polls-outcomes", codecs.String(), nil, stream.Events(0))
)

func moodName(record stream.Unkeyed, v *string) (mood, error) {
	if v != nil && *v == "refused" {
		return "", errors.New("nobody is in such a mood")
	}
	return mood(record), nil
}

func polls() *stream.Topology {
	t := stream.New("polls")
	keyed := stream.KeyBy(stream.From(t, votes), votesBy, func(v vote) (voter, error) { return voter(v.By), nil })
	p := stream.NewProcessor(t, voters)
	held := stream.SharedOf(p, "moods", moodsNow)
	now := func(c stream.Emitter) (string, error) {
		m, _, err := held.Get(c)
		return fmt.Sprint(m), err
	}
	at := stream.On(p, keyed, func(c *stream.Context[voter, vote], v vote) ([]string, error) {
		c.Row = &v
		s, err := now(c)
		if err != nil {
			return nil, err
		}
		return []string{s}, c.SetTimer("later", c.EventTime().Add(2*time.Minute))
	})
	later := stream.OnTimer(p, "later", func(c *stream.Context[voter, vote], _ time.Time) ([]string, error) {
		s, err := now(c)
		return []string{"later " + s}, err
	})
	stream.OnBroadcast(p, keyed, stream.BroadcastFrom(t, moods, moodName), func(c *stream.TaskContext, k mood, v *string) error {
		m, _, err := held.Get(c)
		if err != nil {
			return err
		}
		if m = maps.Clone(m); m == nil {
			m = map[mood]string{}
		}
		if delete(m, k); v != nil {
			m[k] = *v
		}
		return held.Set(c, m)
	})
	at.Merge(later).To(outcomes)
	return t
}

func votesAt(d *streamtest.Driver, minute int64, by ...string) {
	for _, who := range by {
		streamtest.Send(d, votes, "", vote{who, minute})
	}
}

func setMood(d *streamtest.Driver, name, value string) {
	streamtest.Send(d, moods, stream.Unkeyed(name), value)
}

func TestEveryTaskIsToldABroadcastAndDeletionsToo(t *testing.T) {
	d := run(t, polls(), streamtest.Partitions(4))
	d.SetIdle("moods", 0, true)
	everybody := []string{"a", "b", "c", "d", "e", "f"}
	for _, step := range []struct {
		change func()
		want   string
	}{
		{func() {}, "map[]"},
		{func() { setMood(d, "sky", "blue") }, "map[sky:blue]"},
		{func() { setMood(d, "sky", "grey"); setMood(d, "sea", "calm") }, "map[sea:calm sky:grey]"},
		{func() { setMood(d, "sea", "refused") }, "map[sea:calm sky:grey]"},
		{func() { d.SendRaw("moods", -1, []byte("sky"), nil) }, "map[sea:calm]"},
	} {
		step.change()
		d.Run()
		votesAt(d, 1, everybody...)
		d.Run()
		var all []string
		for _, who := range everybody {
			all = append(all, who+" "+step.want)
		}
		want(t, "outcomes", sorted(written(d, outcomes)), all...)
	}
	if dead := d.DeadLetters(); len(dead) != 1 || dead[0].Reason != "nobody is in such a mood" || dead[0].Group != "polls-moods" {
		t.Errorf("dead letters %+v", dead)
	}
}

func TestTimersWaitUntilABroadcastTopicWasReadToItsEndOnce(t *testing.T) {
	d := run(t, polls(), streamtest.Partitions(2))
	d.Hold("polls-moods", true)
	setMood(d, "sky", "blue")
	votesAt(d, 1, "a")
	votesAt(d, 30, "b")
	d.Run()
	want(t, "outcomes", sorted(written(d, outcomes)), "a map[]", "b map[]")
	d.Hold("polls-moods", false)
	d.Run()
	want(t, "before the topic is idle", written(d, outcomes))
	d.Advance(5 * time.Second)
	want(t, "then", written(d, outcomes), "a later map[sky:blue]")
	setMood(d, "sky", "grey")
	votesAt(d, 33, "b")
	d.Run()
	d.Advance(time.Second)
	want(t, "a change holds no time back for long", written(d, outcomes), "b map[sky:grey]", "b later map[sky:grey]")
}

// model is what comes of the records of one partition of the topic that votes and moods go through.
func modelOf(log []streamtest.Raw) (outcomes []string) {
	m := map[mood]string{}
	for _, r := range log {
		if name, is := strings.CutPrefix(string(r.Key), "\x00r"); is {
			if delete(m, mood(name)); r.Value != nil {
				m[mood(name)] = string(r.Value)
			}
			continue
		}
		outcomes = append(outcomes, fmt.Sprintf("%s %v", r.Key, m))
	}
	return outcomes
}

func TestABroadcastStandsAtOnePlaceOfEachPartitionWhateverCrashes(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		d := run(t, polls(), streamtest.Partitions(3), streamtest.InputPartitions("moods", 2), streamtest.InputPartitions("votes", 2), streamtest.Shuffle(seed), streamtest.CommitEvery(4))
		for i := range 60 {
			switch random.IntN(4) {
			case 0:
				setMood(d, fmt.Sprint("m", random.IntN(3)), fmt.Sprint(i))
			default:
				votesAt(d, 1, fmt.Sprint("v", random.IntN(5)))
			}
			for range random.IntN(6) {
				d.Step()
			}
			if random.IntN(10) == 0 {
				d.Restart()
			}
		}
		d.Run()
		log, wrote := map[int32][]streamtest.Raw{}, map[int32][]string{}
		broadcasts := map[int32]int{}
		for _, r := range d.ReadRaw(votesBy.Name) {
			log[r.Partition] = append(log[r.Partition], r)
			if r.Key[0] == 0 {
				broadcasts[r.Partition]++
			}
		}
		for _, r := range streamtest.Read(d, outcomes) {
			wrote[r.Partition] = append(wrote[r.Partition], string(r.Key)+" "+*r.Value)
		}
		sent := len(d.ReadRaw("moods"))
		for p := range int32(3) {
			want(t, fmt.Sprintf("seed %d, partition %d", seed, p), wrote[p], modelOf(log[p])...)
			if broadcasts[p] != sent {
				t.Errorf("seed %d, partition %d: %d broadcasts of %d", seed, p, broadcasts[p], sent)
			}
		}
		wantNoDeadLetters(t, d)
	}
}

func TestWhatIsBroadcastGoesThroughAKeyByThatTheTableTakesIn(t *testing.T) {
	nothing := func(*stream.TaskContext, mood, *string) error { return nil }
	topology := stream.New("polls")
	from := stream.From(topology, votes)
	keyed := stream.KeyBy(from, votesBy, func(v vote) (voter, error) { return voter(v.By), nil })
	p := stream.NewProcessor(topology, voters)
	b := stream.BroadcastFrom(topology, stream.NewTopic[stream.Unkeyed]("moods", codecs.String(), nil, stream.Bootstrap()), moodName)
	stream.OnBroadcast(p, keyed, b, nothing) // before On
	stream.On(p, keyed, func(*stream.Context[voter, vote], vote) ([]string, error) { return nil, nil })
	stream.OnBroadcast(p, keyed, b, nothing)
	stream.OnBroadcast(p, keyed, b, nothing) // twice
	stream.SharedOf(p, "moods", moodsNow)
	stream.SharedOf(p, "moods", moodsNow)
	_, err := topology.Build()
	if err == nil {
		t.Fatal("built")
	}
	for text, times := range map[string]int{
		"topic moods is broadcast: it has no event time":    1,
		"table polls-voters can't be told of topic moods":   2,
		`the tasks' value "moods" needs a name of its own`:  1,
		"topic moods is declared twice, with other options": 0,
	} {
		if n := strings.Count(err.Error(), text); n != times {
			t.Errorf("%d times %q in:\n%v", n, text, err)
		}
	}
}

func ExampleBroadcastFrom() {
	topology, err := polls().Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(topology.Describe())
	// Output:
	// topology polls
	//
	// topics
	//   votes                                    external
	//   polls-votes-by                           repartition
	//   moods                                    external
	//   polls-outcomes                           result
	//   polls-dead-letters                       dead letters
	//
	// group polls-votes
	//   from votes
	//     key by, to polls-votes-by
	//
	// group polls-voters
	//   table polls-voters-table, row version 1, retained for ever
	//   from polls-votes-by
	//     process, table polls-voters
	//       to polls-outcomes
	//   timer later
	//     to polls-outcomes
	//
	// group polls-moods
	//   from moods
	//     broadcast, to polls-votes-by
}
