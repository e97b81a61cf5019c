package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"github.com/tributary-go/tributary/internal/engine/client"
)

// A session is one generation of the consumer group: from begin to end its partitions are ours.

// begin makes room for a session's workers and finds out where its inputs stand.
func (l *life) begin(s sarama.ConsumerGroupSession) error {
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	ps := ownedPartitions(s)
	if len(ps) > 0 && slices.Max(ps) >= l.inputs {
		return fmt.Errorf("%w: group %s was started with %d", errGrown, l.group.plan.Name, l.inputs)
	}
	ids, err := l.inputIDs()
	if err != nil {
		return err
	}
	places, err := l.findPlaces(len(ps))
	if err != nil {
		return err
	}
	l.batches.clear()
	l.group.recovery.reset()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session, l.places, l.topicIDs = s, places, ids
	clear(l.workers)
	clear(l.barriers)
	l.owned.Store(int64(len(ps)))
	l.open.Store(0)
	return nil
}

// errGrown ends a life; the next counts the partitions anew.
var errGrown = errors.New("an input topic has got more partitions")

// findPlaces reads what is committed for the inputs; where nothing is, reading goes on from the start of the
// log. It is fetched after the session began, so that nobody else can change it any more.
func (l *life) findPlaces(owned int) (map[string]map[int32]client.Committed, error) {
	places := map[string]map[int32]client.Committed{}
	if owned == 0 {
		return places, nil
	}
	admin := l.group.e.admin
	for _, in := range l.group.plan.Inputs {
		topic := in.Topic.Name
		committed, err := admin.CommittedOffsets(l.ctx, l.group.plan.Name, topic)
		if err != nil {
			return nil, err
		}
		if places[topic] = committed; len(committed) >= int(l.inputs) {
			continue
		}
		starts, err := admin.StartOffsets(l.ctx, topic)
		if err != nil {
			return nil, err
		}
		for p, start := range starts {
			if _, ok := committed[p]; !ok {
				committed[p] = client.Committed{Offset: start}
			}
		}
	}
	return places, nil
}

// inputIDs are the identities of the inputs: offsets of a topic that was created again mean nothing.
func (l *life) inputIDs() (map[string]string, error) {
	ids := map[string]string{}
	for _, in := range l.group.plan.Inputs {
		id, err := l.group.e.admin.TopicID(l.ctx, in.Topic.Name)
		if err != nil {
			return nil, err
		}
		ids[in.Topic.Name] = id
	}
	return ids, nil
}

// claimed checks that goka is given a partition from where it is committed on.
func (l *life) claimed(topic string, partition int32, initial int64) error {
	if initial == sarama.OffsetOldest {
		return l.fromOldest(topic, partition)
	}
	if at := l.places[topic][partition].Offset; initial != at {
		return fmt.Errorf("topic %s, partition %d: reading would begin at offset %d, committed is %d", topic, partition, initial, at)
	}
	return nil
}

// fromOldest is told when a partition is read from its oldest record on: because nothing is committed, or
// because the brokers have deleted what comes after the committed offset.
func (l *life) fromOldest(topic string, partition int32) error {
	w := l.worker(partition)
	if w == nil {
		return nil
	}
	start, err := l.group.e.admin.StartOffset(l.ctx, topic, partition)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := w.next[topic]; at < start {
		l.group.e.cfg.Log.Error("records were deleted before they were read: the topic's retention is shorter than the group stood still",
			"group", l.group.plan.Name, "topic", topic, "partition", partition, "from", at, "to", start-1)
	}
	w.next[topic], w.comes[topic] = max(start, w.done[topic]), start
	if p := w.reached[topic]; p != nil {
		p.next = start
	}
	return nil
}

// end makes sure that nothing of the session is processed or committed any more.
func (l *life) end() {
	l.commitMu.Lock()
	defer l.commitMu.Unlock()
	for _, w := range l.all() {
		w.close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = nil
	if l.group.plan.Table == nil {
		clear(l.workers)
	}
	l.open.Store(0)
	l.room.Broadcast()
}

func ownedPartitions(s sarama.ConsumerGroupSession) []int32 {
	for _, ps := range s.Claims() {
		return ps // copartitioned: the same for every topic
	}
	return nil
}

// startStateless makes the workers of a group without a table: nothing is recovered but the watermark, which
// lies in the metadata of the committed offsets. All inputs of a partition are committed with the same.
func (l *life) startStateless(s sarama.ConsumerGroupSession) error {
	first := l.group.plan.Inputs[0].Topic.Name
	for _, p := range ownedPartitions(s) {
		w, err := l.newWorker(p, nil, l.places[first][p].Metadata)
		if err != nil {
			return err
		}
		l.addWorker(s, w)
	}
	return nil
}
