package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// median of a figure over several runs; of an even number, the mean of the two in the middle. 0 if there are none.
func median[T any](runs []T, f func(T) float64) float64 {
	xs := make([]float64, len(runs))
	for i, r := range runs {
		xs[i] = f(r)
	}
	slices.Sort(xs)
	n := len(xs)
	if n == 0 {
		return 0
	}
	return (xs[(n-1)/2] + xs[n/2]) / 2
}

// percentile is the smallest value that at least p of 100 are not above. xs is sorted and not empty.
func percentile[T any](xs []T, p float64) T {
	i := int(math.Ceil(p / 100 * float64(len(xs))))
	return xs[min(max(i, 1), len(xs))-1]
}

// figure has two or three digits that mean something.
func figure(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// count writes 1234567 as 1,234,567.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > strings.IndexByte(s, '-')+1; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// rounds writes a number of rounds.
func rounds(n int) string {
	if n == 1 {
		return "One round"
	}
	return fmt.Sprintf("Medians of %d rounds", n)
}

// megabytes writes bytes in units of a million.
func megabytes(bytes float64) string { return fmt.Sprintf("%.0f MB", bytes/1e6) }
