// Package cron is the language of EventBridge's schedules: cron(…) of six fields,
// rate(…) and at(…), and the times that they name. It must not know who is scheduled,
// nor any AWS service.
package cron

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Schedule is an expression that was checked. Many may use it at once.
type Schedule struct {
	next func(from time.Time, in *time.Location) (time.Time, bool)
}

// Next returns the first time after from, in the zone in; false if there is none.
// The clock that is put forward leaves out what falls into the hour that there is not,
// and of an hour that there is twice the first counts.
func (s *Schedule) Next(from time.Time, in *time.Location) (time.Time, bool) {
	return s.next(from, in)
}

var form = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(cron|rate|at)\((.*)\)$`) })

// Parse checks an expression.
func Parse(expression string) (*Schedule, error) {
	f := form().FindStringSubmatch(expression)
	if f == nil {
		return nil, fmt.Errorf("%q is no schedule; write cron(0 2 * * ? *), rate(5 minutes) or at(2026-01-31T09:30:00)", expression)
	}
	var next func(time.Time, *time.Location) (time.Time, bool)
	var err error
	switch f[1] {
	case "rate":
		next, err = rate(f[2])
	case "at":
		next, err = at(f[2])
	default:
		next, err = parseFields(f[2])
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expression, err)
	}
	return &Schedule{next}, nil
}

var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// rate is every so many minutes, hours or days of 24 hours.
func rate(text string) (func(time.Time, *time.Location) (time.Time, bool), error) {
	value, unit, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || value[0] == '+' {
		return nil, fmt.Errorf("a rate is a whole number above zero and a unit, such as rate(5 minutes)")
	}
	one, plural := strings.CutSuffix(unit, "s")
	length, ok := units[one]
	if !ok {
		return nil, fmt.Errorf("%q is no unit; use minutes, hours or days", unit)
	}
	if plural != (n > 1) {
		return nil, fmt.Errorf("AWS wants rate(1 %s) and rate(2 %ss)", one, one)
	}
	if n > int(200*366*24*time.Hour/length) {
		return nil, fmt.Errorf("%d %s is longer than AWS's calendar", n, unit)
	}
	return func(from time.Time, in *time.Location) (time.Time, bool) {
		return from.Add(time.Duration(n) * length).In(in), true
	}, nil
}

// at is once.
func at(text string) (func(time.Time, *time.Location) (time.Time, bool), error) {
	once, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		return nil, fmt.Errorf("a time is written as at(2026-01-31T09:30:00), without a zone")
	}
	return func(from time.Time, in *time.Location) (time.Time, bool) {
		t, ok := civil(once.Year(), once.Month(), once.Day(), once.Hour(), once.Minute(), once.Second(), in)
		return t, ok && t.After(from)
	}, nil
}

// civil is the time that clocks of a zone show so; false if none ever does.
func civil(year int, month time.Month, day, hour, minute, second int, in *time.Location) (time.Time, bool) {
	shows := func(t time.Time) bool {
		y, m, d := t.Date()
		return y == year && m == month && d == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	}
	t := time.Date(year, month, day, hour, minute, second, 0, in)
	for _, earlier := range []time.Duration{2 * time.Hour, time.Hour, 30 * time.Minute} {
		if shows(t.Add(-earlier)) {
			return t.Add(-earlier), true
		}
	}
	return t, shows(t)
}
