package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// schedule is a cron expression of five fields: minute, hour, day, month, weekday.
type schedule [5]map[int]bool

var scheduleFields = [5]struct{ low, high int }{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}

func parseSchedule(text string) (schedule, error) {
	var when schedule
	fields := strings.Fields(text)
	if len(fields) != len(when) {
		return when, fmt.Errorf("%q has %d fields, expected 5", text, len(fields))
	}
	for i, field := range fields {
		when[i] = map[int]bool{}
		for part := range strings.SplitSeq(field, ",") {
			if err := addPart(when[i], part, scheduleFields[i].low, scheduleFields[i].high); err != nil {
				return when, fmt.Errorf("%q: %w", text, err)
			}
		}
	}
	return when, nil
}

// addPart takes `*`, `n`, `a-b`, each with or without `/step`.
func addPart(into map[int]bool, part string, low, high int) error {
	span, rest, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		var err error
		if step, err = strconv.Atoi(rest); err != nil || step < 1 {
			return fmt.Errorf("step %q is no number above 0", rest)
		}
	}
	from, to := low, high
	if span != "*" {
		first, last, isRange := strings.Cut(span, "-")
		var err error
		if from, err = strconv.Atoi(first); err != nil {
			return fmt.Errorf("%q is no number", first)
		}
		switch {
		case isRange:
			if to, err = strconv.Atoi(last); err != nil {
				return fmt.Errorf("%q is no number", last)
			}
		case !stepped:
			to = from
		}
	}
	if from < low || to > high || from > to {
		return fmt.Errorf("%q is not within %d to %d", part, low, high)
	}
	for n := from; n <= to; n += step {
		into[n] = true
	}
	return nil
}

func (s schedule) matches(at time.Time) bool {
	return s[0][at.Minute()] && s[1][at.Hour()] && s[2][at.Day()] &&
		s[3][int(at.Month())] && s[4][int(at.Weekday())]
}
