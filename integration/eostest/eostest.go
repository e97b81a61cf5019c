// Package eostest is the system test that Kafka Streams has for exactly once (its EosTestDriver), on our engine.
//
// Instances join, leave and are killed by a script while random numbers are written. In the end each result topic is
// compared, partition by partition and record by record, with what follows from the input that its group has
// committed. topology.go is what runs, feed.go the input, script.go what happens, progress.go how it is known that
// work goes on, verify.go the comparison; it shares no code with the engine.
package eostest

// Topics are those of a run, made from its name.
type Topics struct{ Name string }

// The input, the topic that one half of the topology writes and the other reads, and the results.
func (t Topics) Data() string        { return t.Name + "-data" }
func (t Topics) Echo() string        { return t.Name + "-echo" }
func (t Topics) Min() string         { return t.Name + "-min" }
func (t Topics) Sum() string         { return t.Name + "-sum" }
func (t Topics) Repartition() string { return t.Name + "-repartition" }
func (t Topics) Max() string         { return t.Name + "-max" }
func (t Topics) Count() string       { return t.Name + "-cnt" }

// Told are the topics of results: each tells of each record of the input.
func (t Topics) Told() []string { return []string{t.Echo(), t.Min(), t.Sum(), t.Max(), t.Count()} }

// Letters is the topic of dead letters, which stays empty.
func (t Topics) Letters() string { return t.Name + "-dead-letters" }

// reader is the group that echoes.
func (t Topics) reader() string { return t.Data() + "-reader" }

// group is the table that a topic of results is told from, and its consumer group.
func group(results string) string { return results + "-of" }
