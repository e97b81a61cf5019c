// Package rules holds the tests of what the code must keep to as a whole: which package may import which,
// and that the documents speak of things that exist.
package rules
