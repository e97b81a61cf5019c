// Package cdc copies a table of a database to a Kafka topic and keeps the copy current, row by row.
//
// It holds what needs neither MySQL nor Kafka: what a capture is (capture.go, field.go), how a value is written
// (value.go, quote.go), where in the binary log a capture stands (at.go, position.go), how chunks of the table are laid
// between the changes (window.go, merge.go), and the loop that carries changes from a Source to a Sink (run.go,
// backlog.go). Package source reads MySQL, package topic writes Kafka.
//
// # How the copy is made
//
// A Source delivers the transactions of the log in their order, from the place where the copy began. Meanwhile the
// table is read in chunks, in the order of its primary key. A row of a chunk may be older than a change that was
// delivered before the chunk was; it must not be written after it. So each chunk has a window:
//
//  1. The window opens: from now on, the keys of all changes are noted.
//  2. The Source waits until whatever was delivered before can be seen by a select.
//  3. The chunk is read, and after it the place that the log has reached, the chunk's high mark.
//  4. When the delivered changes reach the high mark, the rows whose keys are not noted are written.
//
// A row whose key is not noted had no change between 1 and 4, so the chunk shows what it is. A row whose key is noted
// has been written by its change. There is no lock, and nothing is written to the database.
//
// # Exactly once
//
// Rows and the Position that they lead to are one Kafka transaction. A transaction of the source is never divided.
// Whoever starts again reads the last committed position and goes on behind it.
package cdc
