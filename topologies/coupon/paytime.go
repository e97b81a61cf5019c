package coupon

import (
	"strings"
	"time"

	"github.com/tributary-go/tributary/codecs"
)

// parsePayTime reads a pay_time as leniently as Flink's TO_TIMESTAMP: yyyy-M-d, then nothing or one space and
// H:m:s, then nothing or a point and digits; spaces around it. A day up to 31 that the month does not have is
// its last one, a time of day that is too large goes on into the next day. Everything else is not readable.
//
//	2020-1-2 3:4:5        2020-01-02 03:04:05
//	2020-02-30            2020-02-29 00:00:00
//	2020-11-11 24:00:01   2020-11-12 00:00:01
func parsePayTime(text codecs.Text, zone *time.Location) (at time.Time, readable bool) {
	s := scanner{rest: strings.TrimFunc(text.V, func(r rune) bool { return r <= ' ' })}
	y, m, d := s.number(4, 4), s.after('-'), s.after('-')
	var hour, minute, second int
	if s.rest != "" {
		s.skip(' ')
		hour, minute, second = s.number(1, 2), s.after(':'), s.after(':')
	}
	if s.rest != "" {
		s.skip('.')
		s.number(1, len(s.rest))
	}
	if s.bad || s.rest != "" || m < 1 || m > 12 || d < 1 || d > 31 {
		return time.Time{}, false
	}
	return time.Date(y, time.Month(m), min(d, lastDay(y, m)), hour, minute, second, 0, zone), true
}

// lastDay is the number of days of a month.
func lastDay(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// dayOf is yyyyMMdd as a number. There is no year 0 in it: as in Flink, that is written as 1 (before Christ).
func dayOf(at time.Time) int64 {
	y, m, d := at.Date()
	return int64(max(y, 1))*10000 + int64(m)*100 + int64(d)
}

// scanner takes a text apart from left to right.
type scanner struct {
	rest string
	bad  bool // something was not there
}

// number reads as many digits as there are, up to most.
func (s *scanner) number(least, most int) (n int) {
	i := 0
	for i < len(s.rest) && i < most && s.rest[i]-'0' <= 9 {
		n = n*10 + int(s.rest[i]-'0')
		i++
	}
	s.bad = s.bad || i < least
	s.rest = s.rest[i:]
	return n
}

func (s *scanner) skip(c byte) {
	if s.rest == "" || s.rest[0] != c {
		s.bad = true
		return
	}
	s.rest = s.rest[1:]
}

// after reads one or two digits after a separator.
func (s *scanner) after(c byte) int {
	s.skip(c)
	return s.number(1, 2)
}
