// Package source reads a table of MySQL, in chunks, and the row-based binary log that tells how it changes.
//
// File map: server.go connects, check.go finds out at the start whether the server and the table can be captured and
// says what to do if not, table.go knows the table's columns, chunk.go reads its rows, follow.go and events.go read the
// log, image.go and plain.go make plain bytes of what the log holds, statement.go looks for statements that change the
// table without its rows.
package source
