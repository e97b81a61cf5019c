package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// TopicSpec is what a program needs a topic to be.
type TopicSpec struct {
	// Name of the topic.
	Name string
	// Partitions wanted. 0: the topic is another program's; it must exist, with any number.
	Partitions int32
	// Replication of a topic that is created. 0: the broker's default.
	Replication int16
	// Config holds the settings of a topic that is created. Of an existing one only cleanup.policy is compared; the
	// others are the operator's to tune.
	Config map[string]string
	// MustExist refuses to create the topic, whatever Partitions says.
	MustExist bool
}

// external says that another program owns the topic.
func (s TopicSpec) external() bool { return s.MustExist || s.Partitions == 0 }

// EnsureTopics creates the topics that are missing and returns the number of partitions of each. Nothing is created
// while an existing topic does not fit or an external one is missing; the error then lists all of them and what to do.
// Several instances may call it at once. When it returns, every partition has a leader.
func EnsureTopics(ctx context.Context, c Connection, specs []TopicSpec) (map[string]int32, error) {
	if err := checkSpecs(specs); err != nil {
		return nil, err
	}
	a, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.EnsureTopics(ctx, specs)
}

// EnsureTopics is the function of this name over an open connection.
func (a *Admin) EnsureTopics(ctx context.Context, specs []TopicSpec) (map[string]int32, error) {
	if err := checkSpecs(specs); err != nil {
		return nil, err
	}
	found, err := a.describe(ctx, names(specs))
	if err != nil {
		return nil, err
	}
	if err := a.compare(ctx, specs, found); err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(specs), func(s TopicSpec) bool { return absent(found[s.Name], s.Name) == nil })
	if err := a.create(ctx, missing); err != nil {
		return nil, err
	}
	if found, err = a.awaitLeaders(ctx, names(specs)); err != nil {
		return nil, err
	}
	// Another instance, of another version, may have been quicker to create some of them.
	if err := a.compare(ctx, missing, found); err != nil {
		return nil, err
	}
	partitions := make(map[string]int32, len(specs))
	for _, s := range specs {
		partitions[s.Name] = int32(len(found[s.Name].Partitions))
	}
	return partitions, nil
}

func checkSpecs(specs []TopicSpec) error {
	var errs []error
	seen := make(map[string]bool, len(specs))
	for _, s := range specs {
		switch {
		case s.Name == "":
			errs = append(errs, errors.New("a topic has no name"))
		case seen[s.Name]:
			errs = append(errs, fmt.Errorf("topic %s is listed twice", s.Name))
		case s.Partitions < 0 || s.Replication < 0:
			errs = append(errs, fmt.Errorf("topic %s: partitions (%d) and replication (%d) cannot be negative", s.Name, s.Partitions, s.Replication))
		}
		seen[s.Name] = true
	}
	return errors.Join(errs...)
}

func names(specs []TopicSpec) []string {
	all := make([]string, len(specs))
	for i, s := range specs {
		all[i] = s.Name
	}
	return all
}

// create asks for all topics in one request. One that exists by now is another instance's work and fine; one that is
// refused is reported after all were answered.
func (a *Admin) create(ctx context.Context, specs []TopicSpec) error {
	if len(specs) == 0 {
		return nil
	}
	wanted := make(map[string]*sarama.TopicDetail, len(specs))
	for _, s := range specs {
		wanted[s.Name] = s.detail()
	}
	var refused []error
	err := a.retry(ctx, func() (err error) {
		refused, err = a.createOnce(wanted)
		return err
	})
	if err != nil {
		return fmt.Errorf("create topics at %s: %w", a.connection, err)
	}
	return errors.Join(refused...)
}

// createOnce returns an error if it is worth another try.
func (a *Admin) createOnce(wanted map[string]*sarama.TopicDetail) (refused []error, err error) {
	controller, err := a.client.Controller()
	if err != nil {
		return nil, err
	}
	conf := a.client.Config()
	var answer *sarama.CreateTopicsResponse
	err = a.ask(controller, func(b *sarama.Broker) (err error) {
		answer, err = b.CreateTopics(sarama.NewCreateTopicsRequest(conf.Version, wanted, conf.Admin.Timeout, false))
		return err
	})
	if err != nil {
		return nil, err
	}
	for name, detail := range wanted {
		topicErr := answer.TopicErrors[name]
		switch {
		case topicErr == nil:
			return nil, sarama.ErrIncompleteResponse
		case topicErr.Err == sarama.ErrNoError, topicErr.Err == sarama.ErrTopicAlreadyExists:
		case isPassing(topicErr.Err):
			return nil, topicErr
		default:
			refused = append(refused, fmt.Errorf("create topic %s with %d partitions and %s: %w",
				name, detail.NumPartitions, replication(detail.ReplicationFactor), topicErr))
		}
	}
	return refused, nil
}

func (s TopicSpec) detail() *sarama.TopicDetail {
	d := &sarama.TopicDetail{
		NumPartitions:     s.Partitions,
		ReplicationFactor: s.Replication,
		ConfigEntries:     make(map[string]*string, len(s.Config)),
	}
	if s.Replication == 0 {
		d.ReplicationFactor = -1
	}
	for k, v := range s.Config {
		d.ConfigEntries[k] = &v
	}
	return d
}

func replication(factor int16) string {
	if factor < 0 {
		return "the broker's default replication"
	}
	return fmt.Sprintf("replication %d", factor)
}

// awaitLeaders waits until each partition of each topic has a leader: a topic is known before it can be used.
func (a *Admin) awaitLeaders(ctx context.Context, topics []string) (map[string]*sarama.TopicMetadata, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		found, err := a.describe(ctx, topics)
		if err != nil {
			return nil, err
		}
		problems := leaderless(topics, found)
		if problems == nil { // as one broker sees it; the client may have asked another
			problems = a.client.RefreshMetadata(topics...)
		}
		if problems == nil {
			return found, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (gave up: %w)", problems, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

func leaderless(topics []string, found map[string]*sarama.TopicMetadata) error {
	var errs []error
	for _, name := range topics {
		t := found[name]
		if err := absent(t, name); err != nil {
			errs = append(errs, err)
			continue
		}
		var without []int32
		for _, p := range t.Partitions {
			if p.Leader < 0 || errors.Is(p.Err, sarama.ErrLeaderNotAvailable) {
				without = append(without, p.ID)
			}
		}
		if len(t.Partitions) == 0 || len(without) > 0 {
			errs = append(errs, fmt.Errorf("topic %s: no leader for partitions %v: are all brokers up that hold them?", name, without))
		}
	}
	return errors.Join(errs...)
}
