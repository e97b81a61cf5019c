// Package lookup answers over HTTP what the tables hold now.
//
// It knows tables only through the [Table] interface: rows in key order, the
// position they reflect, and a feed of changes. Where they come from is not
// its business.
//
// A position says how far a table has been applied: partition 3 at offset 1234
// means that every record of partition 3 below 1234 is in the answer. Each
// answer carries the position that it reflects, and a request may ask for at
// least that position (min_position), so that a client that is sent from one
// replica to another never reads an older state than it has seen.
package lookup
