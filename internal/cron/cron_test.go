package cron

import (
	"strings"
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	for _, row := range []struct{ expression, zone, from, want string }{
		{"cron(0 2 * * ? *)", "UTC", "2026-01-31T02:00:00Z", "2026-02-01T02:00:00Z 2026-02-02T02:00:00Z"},
		{"cron(0 2 * * ? *)", "Europe/Stockholm", "2026-01-31T00:59:59Z", "2026-01-31T02:00:00+01:00"},
		{"cron(0/15 9-10 ? * MON-FRI *)", "UTC", "2026-01-30T10:40:00Z", "2026-01-30T10:45:00Z 2026-02-02T09:00:00Z 2026-02-02T09:15:00Z"},
		{"cron(10,5 8 1 * ? *)", "UTC", "2026-01-01T08:05:00Z", "2026-01-01T08:10:00Z 2026-02-01T08:05:00Z"},
		{"cron(0 0 29 2 ? *)", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z"},
		{"cron(0 0 L * ? *)", "UTC", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z 2026-03-31T00:00:00Z"},
		{"cron(0 0 LW * ? *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z 2026-02-27T00:00:00Z"},
		{"cron(0 0 1W * ? *)", "UTC", "2026-07-15T00:00:00Z", "2026-08-03T00:00:00Z 2026-09-01T00:00:00Z"},
		{"cron(0 0 31W * ? *)", "UTC", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z 2026-07-31T00:00:00Z"},
		{"cron(0 0 ? * 6L *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z 2026-02-27T00:00:00Z"},
		{"cron(0 0 ? * L *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z 2026-01-10T00:00:00Z"},
		{"cron(0 0 ? * 3#2 *)", "UTC", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z 2026-02-10T00:00:00Z"},
		{"cron(0 0 ? * tue#5 *)", "UTC", "2026-01-01T00:00:00Z", "2026-03-31T00:00:00Z 2026-06-30T00:00:00Z"},
		{"cron(0 0 1 1 ? 2027/2)", "UTC", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z 2029-01-01T00:00:00Z"},
		{"cron(0 0 1 1 ? 2020-2025)", "UTC", "2026-06-01T00:00:00Z", "none"},
		{"cron(0 0 30 2 ? *)", "UTC", "2026-06-01T00:00:00Z", "none"},
		// Half past two is left out in the night when clocks go from two to three.
		{"cron(30 2 * * ? *)", "Europe/Stockholm", "2026-03-28T12:00:00Z", "2026-03-30T02:30:00+02:00"},
		// And comes once in the night that has it twice.
		{"cron(30 2 * * ? *)", "Europe/Stockholm", "2026-10-24T12:00:00Z", "2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00"},
		{"rate(1 minute)", "UTC", "2026-01-01T00:00:30Z", "2026-01-01T00:01:30Z 2026-01-01T00:02:30Z"},
		{"rate(12 hours)", "Europe/Stockholm", "2026-01-01T00:00:00Z", "2026-01-01T13:00:00+01:00"},
		{"rate(2 days)", "UTC", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"},
		{"at(2026-01-31T09:30:00)", "America/New_York", "2026-01-01T00:00:00Z", "2026-01-31T09:30:00-05:00 none"},
	} {
		s, err := Parse(row.expression)
		if err != nil {
			t.Errorf("%s: %v", row.expression, err)
			continue
		}
		zone, err := time.LoadLocation(row.zone)
		if err != nil {
			t.Skipf("this machine does not know the zone %s", row.zone)
		}
		from, err := time.Parse(time.RFC3339, row.from)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range strings.Fields(row.want) {
			next, ok := s.Next(from, zone)
			got := "none"
			if ok {
				got = next.Format(time.RFC3339)
			}
			if got != want {
				t.Errorf("%s after %s: got %s, want %s", row.expression, from, got, want)
			}
			from = next
		}
	}
}

func TestParseErrors(t *testing.T) {
	for expression, want := range map[string]string{
		"":                            "is no schedule",
		"0 2 * * ? *":                 "is no schedule",
		"cron(0 2 * * *)":             "5 fields",
		"cron(0 2 * * * *)":           "must be ?",
		"cron(0 2 ? * ? *)":           "must be ?",
		"cron(60 2 * * ? *)":          "no minutes",
		"cron(0 24 * * ? *)":          "no hours",
		"cron(0 0 0 * ? *)":           "no day of month",
		"cron(0 0 L-3 * ? *)":         "no day of month",
		"cron(0 0 1 JANUARY ? *)":     "JAN to DEC",
		"cron(0 0 ? * 8 *)":           "no day of week",
		"cron(0 0 ? * 3#6 *)":         "no week",
		"cron(0 0 ? * XL *)":          "no day of week",
		"cron(0 0 1 1 ? 2200)":        "no year",
		"cron(0/0 0 1 1 ? *)":         "no minutes",
		"cron(9-3 0 1 1 ? *)":         "backward",
		"cron(, 0 1 1 ? *)":           "no minutes",
		"rate(5)":                     "no unit",
		"rate(0 minutes)":             "above zero",
		"rate(1 minutes)":             "rate(1 minute)",
		"rate(2 minute)":              "rate(2 minutes)",
		"rate(5 weeks)":               "no unit",
		"rate(999999999 days)":        "longer",
		"at(2026-01-31)":              "without a zone",
		"at(2026-01-31T09:30:00Z)":    "without a zone",
		"at(2026-02-30T09:30:00)":     "is written as",
		"cron(0 0 99999999999 * ? *)": "no day of month",
	} {
		if _, err := Parse(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", expression, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("cron(0/15 9-10 ? * MON-FRI *)")
	f.Add("rate(5 minutes)")
	f.Add("cron(0 0 15W,L * ? 2026/3)")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := Parse(expression)
		if err != nil {
			return
		}
		if next, ok := s.Next(from, time.UTC); ok && !next.After(from) {
			t.Errorf("%s: %s is not after %s", expression, next, from)
		}
	})
}
