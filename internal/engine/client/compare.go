package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

const cleanupPolicy = "cleanup.policy"

// compare lists everything about existing topics that does not fit, each with what to do about it.
func (a *Admin) compare(ctx context.Context, specs []TopicSpec, found map[string]*sarama.TopicMetadata) error {
	var errs []error
	var existing []TopicSpec
	for _, s := range specs {
		err := absent(found[s.Name], s.Name)
		switch {
		case err == nil:
			existing = append(existing, s)
			errs = append(errs, a.comparePartitions(s, int32(len(found[s.Name].Partitions))))
		case !errors.Is(err, ErrNoTopic):
			errs = append(errs, err)
		case s.external():
			errs = append(errs, a.missing(s))
		}
	}
	policies, err := a.cleanupPolicies(ctx, existing)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, s := range existing {
		errs = append(errs, a.comparePolicy(s, policies[s.Name]))
	}
	return errors.Join(errs...)
}

func (a *Admin) missing(s TopicSpec) error {
	partitions := "<partitions>"
	if s.Partitions > 0 {
		partitions = fmt.Sprint(s.Partitions)
	}
	var config strings.Builder
	for _, k := range slices.Sorted(maps.Keys(s.Config)) {
		fmt.Fprintf(&config, " --config %s=%s", k, listValue(s.Config[k]))
	}
	return fmt.Errorf("topic %s: %w, and it is not this program's to create; start the program that writes it, or create it: "+
		"kafka-topics --bootstrap-server %s --create --topic %s --partitions %s%s",
		s.Name, ErrNoTopic, a.connection.bootstrap(), s.Name, partitions, config.String())
}

func (a *Admin) comparePartitions(s TopicSpec, has int32) error {
	switch {
	case s.Partitions == 0 || s.Partitions == has:
		return nil
	case s.MustExist:
		return fmt.Errorf("topic %s has %d partitions, wanted are %d: configure %d, the topic's owner decides",
			s.Name, has, s.Partitions, has)
	}
	// Partitions cannot be added later: keys would move to other partitions, away from their state.
	return fmt.Errorf("topic %s has %d partitions, wanted are %d: configure %d partitions, or stop all instances, delete the "+
		"topics and local state of its group and start afresh (kafka-topics --bootstrap-server %s --delete --topic %s)",
		s.Name, has, s.Partitions, has, a.connection.bootstrap(), s.Name)
}

// comparePolicy is strict with our own topics: compaction with time retention on top would lose rows. An external topic
// only has to be compacted, or not, as wanted.
func (a *Admin) comparePolicy(s TopicSpec, has string) error {
	want, asked := s.Config[cleanupPolicy]
	if !asked {
		return nil
	}
	fits := policies(want)["compact"] == policies(has)["compact"]
	if !s.external() {
		fits = fits && policies(want)["delete"] == policies(has)["delete"]
	}
	if fits {
		return nil
	}
	return fmt.Errorf("topic %s has %s=%s, wanted is %s: kafka-configs --bootstrap-server %s --alter --entity-type topics "+
		"--entity-name %s --add-config %s=%s", s.Name, cleanupPolicy, has, want, a.connection.bootstrap(), s.Name,
		cleanupPolicy, listValue(want))
}

// policies splits "compact,delete" in any order and spacing.
func policies(list string) map[string]bool {
	set := make(map[string]bool)
	for p := range strings.SplitSeq(list, ",") {
		set[strings.TrimSpace(p)] = true
	}
	return set
}

// listValue writes a value as Kafka's tools want it: lists in brackets.
func listValue(v string) string {
	if strings.Contains(v, ",") {
		return "[" + v + "]"
	}
	return v
}

// cleanupPolicies asks for the policy of each topic whose spec wants one.
func (a *Admin) cleanupPolicies(ctx context.Context, specs []TopicSpec) (map[string]string, error) {
	var resources []*sarama.ConfigResource
	for _, s := range specs {
		if _, asked := s.Config[cleanupPolicy]; asked {
			resources = append(resources, &sarama.ConfigResource{
				Type: sarama.TopicResource, Name: s.Name, ConfigNames: []string{cleanupPolicy},
			})
		}
	}
	if len(resources) == 0 {
		return nil, nil
	}
	var values map[string]string
	err := a.retry(ctx, func() error {
		var answer *sarama.DescribeConfigsResponse
		err := a.anyBroker(func(b *sarama.Broker) (err error) {
			answer, err = b.DescribeConfigs(&sarama.DescribeConfigsRequest{Version: 4, Resources: resources})
			return err
		})
		if err == nil { // a topic that another instance has just created is not known to all brokers
			values, err = policyValues(answer)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the settings of topics at %s: %w", a.connection, err)
	}
	return values, nil
}

func policyValues(answer *sarama.DescribeConfigsResponse) (map[string]string, error) {
	values := make(map[string]string, len(answer.Resources))
	var errs []error
	for _, r := range answer.Resources {
		if code := sarama.KError(r.ErrorCode); code != sarama.ErrNoError {
			errs = append(errs, fmt.Errorf("topic %s: %w", r.Name, code))
			continue
		}
		for _, entry := range r.Configs {
			if entry.Name == cleanupPolicy {
				values[r.Name] = entry.Value
			}
		}
	}
	return values, errors.Join(errs...)
}
