// Package sqlsink keeps SQL tables equal to result topics, exactly once.
//
// Each table has lanes: a connection with the partitions it reads. A transaction of a lane holds the rows that changed,
// and the positions behind the records they came from, in the table tributary_positions of the same database; so a
// crash leaves both or neither. The positions carry the epoch of the writer that may move them, which fences one that
// was replaced and does not know it.
//
// File map: sink.go start and run; feed.go one table, from one claim of its positions to the next error; lane.go one
// connection's loop; write.go one transaction; positions.go the positions and their epoch; batch.go, target.go from
// records to rows; monitor.go how far behind; reconcile.go what to do when deletes may have been missed; source.go
// reading Kafka; letters.go what the database refuses; check.go, ddl.go tables that exist and those that don't;
// database.go where they are; dialect.go what differs between databases, mysql*.go, postgres*.go, sqlite.go how.
package sqlsink
