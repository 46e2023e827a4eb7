package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A field is what one of the six says.
type field struct {
	name        string
	first, last int
	words       []string // that stand for numbers, from first on
}

var (
	minutes     = field{name: "minutes", first: 0, last: 59}
	hours       = field{name: "hours", first: 0, last: 23}
	daysOfMonth = field{name: "day of month", first: 1, last: 31}
	months      = field{name: "month", first: 1, last: 12, words: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}}
	daysOfWeek  = field{name: "day of week", first: 1, last: 7, words: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}}
	years       = field{name: "year", first: 1970, last: 2199}
)

// A day tells whether one is wanted.
type day func(t time.Time) bool

// numbers are those of a field, sorted: of a list of numbers, ranges and steps.
func (f field) numbers(text string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(part, "/")
		by := 1
		if stepped {
			var err error
			if by, err = strconv.Atoi(step); err != nil || by < 1 {
				return nil, f.bad(part)
			}
		}
		from, to := f.first, f.last
		if span != "*" {
			low, high, ranged := strings.Cut(span, "-")
			var err error
			if from, err = f.number(low); err != nil {
				return nil, err
			}
			if ranged {
				if to, err = f.number(high); err != nil {
					return nil, err
				}
				if to < from {
					return nil, fmt.Errorf("the range %q of the %s runs backward", span, f.name)
				}
			} else if !stepped {
				to = from
			}
		}
		for n := from; n <= to; n += by {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (f field) number(text string) (int, error) {
	if i := slices.Index(f.words, strings.ToUpper(text)); i >= 0 {
		return f.first + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.first || n > f.last || text[0] == '+' || text[0] == '-' {
		return 0, f.bad(text)
	}
	return n, nil
}

func (f field) bad(text string) error {
	return fmt.Errorf("%q is no %s; use %d to %d%s, lists with a comma, ranges with a hyphen, steps with a slash, or *", text, f.name, f.first, f.last, f.also())
}

func (f field) also() string {
	if f.words == nil {
		return ""
	}
	return " or " + f.words[0] + " to " + f.words[len(f.words)-1]
}

// parseFields reads minutes, hours, day of month, month, day of week and year.
func parseFields(text string) (func(time.Time, *time.Location) (time.Time, bool), error) {
	f := strings.Fields(text)
	if len(f) != 6 {
		return nil, fmt.Errorf("it has %d fields, and AWS wants six: minutes, hours, day of month, month, day of week, year", len(f))
	}
	if (f[2] == "?") == (f[4] == "?") {
		return nil, fmt.Errorf("one of day of month and day of week must be ?, and the other not")
	}
	var lists [6][]int
	for i, kind := range []field{minutes, hours, {}, months, {}, years} {
		if kind.name == "" {
			continue
		}
		var err error
		if lists[i], err = kind.numbers(f[i]); err != nil {
			return nil, err
		}
	}
	wanted, err := ofMonth(f[2])
	if f[2] == "?" {
		wanted, err = ofWeek(f[4])
	}
	if err != nil {
		return nil, err
	}
	return func(from time.Time, in *time.Location) (time.Time, bool) {
		return search(from, in, lists[0], lists[1], lists[3], lists[5], wanted)
	}, nil
}

// search goes through the days from that of from on.
func search(from time.Time, in *time.Location, minutes, hours, months, years []int, wanted day) (time.Time, bool) {
	year, month, date := from.In(in).Date()
	for d := time.Date(year, month, date, 0, 0, 0, 0, time.UTC); d.Year() <= years[len(years)-1]; d = d.AddDate(0, 0, 1) {
		if !slices.Contains(years, d.Year()) {
			d = time.Date(d.Year(), time.December, 31, 0, 0, 0, 0, time.UTC)
			continue
		}
		if !slices.Contains(months, int(d.Month())) || !wanted(d) {
			continue
		}
		for _, hour := range hours {
			for _, minute := range minutes {
				t, ok := civil(d.Year(), d.Month(), d.Day(), hour, minute, 0, in)
				if ok && t.After(from) {
					return t, true
				}
			}
		}
	}
	return time.Time{}, false
}

// ofMonth reads a day of the month: numbers; L for the last; 15W for the day from
// Monday to Friday that is next to the 15th, within its month; LW for the last such.
func ofMonth(text string) (day, error) {
	switch near, isNear := strings.CutSuffix(text, "W"); {
	case text == "?":
		return nil, nil
	case text == "L":
		return func(t time.Time) bool { return t.Day() == lastDay(t) }, nil
	case text == "LW":
		return func(t time.Time) bool { return t.Day() == nearest(t, lastDay(t)) }, nil
	case isNear:
		n, err := daysOfMonth.number(near)
		if err != nil {
			return nil, err
		}
		return func(t time.Time) bool { return n <= lastDay(t) && t.Day() == nearest(t, n) }, nil
	}
	all, err := daysOfMonth.numbers(text)
	return func(t time.Time) bool { return slices.Contains(all, t.Day()) }, err
}

// ofWeek reads a day of the week: numbers from Sunday's 1; L for Saturday; 6L for the
// month's last Friday; 3#2 for its second Tuesday.
func ofWeek(text string) (day, error) {
	last, isLast := strings.CutSuffix(text, "L")
	which, nth, isNth := strings.Cut(text, "#")
	switch {
	case text == "L":
		return func(t time.Time) bool { return t.Weekday() == time.Saturday }, nil
	case isLast && !isNth:
		n, err := daysOfWeek.number(last)
		return func(t time.Time) bool { return weekday(t) == n && t.Day()+7 > lastDay(t) }, err
	case isNth:
		n, err := daysOfWeek.number(which)
		if err != nil {
			return nil, err
		}
		k, err := strconv.Atoi(nth)
		if err != nil || k < 1 || k > 5 {
			return nil, fmt.Errorf("%q is no week of a month; use 1 to 5", nth)
		}
		return func(t time.Time) bool { return weekday(t) == n && (t.Day()-1)/7+1 == k }, nil
	}
	all, err := daysOfWeek.numbers(text)
	return func(t time.Time) bool { return slices.Contains(all, weekday(t)) }, err
}

func weekday(t time.Time) int { return int(t.Weekday()) + 1 }

func lastDay(t time.Time) int { return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// nearest is the day from Monday to Friday next to the nth, within t's month.
func nearest(t time.Time, n int) int {
	switch time.Date(t.Year(), t.Month(), n, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if n == 1 {
			return 3
		}
		return n - 1
	case time.Sunday:
		if n == lastDay(t) {
			return n - 2
		}
		return n + 1
	}
	return n
}
