package jsonata

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var dateFunctions = map[string]builtin{
	"now":        {"<s?s?:s>", 2, now},
	"millis":     {"<:n>", 0, func(r *run, _ []any, _ any) any { return float64(r.now.UnixMilli()) }},
	"fromMillis": {"<n-s?s?:s>", 3, fromMillis},
	"toMillis":   {"<s-s?:n>", 2, toMillis},
}

const isoPicture = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"

func now(r *run, args []any, _ any) any {
	picture, _ := arg(args, 0).(string)
	zone, _ := arg(args, 1).(string)
	return formatDate(float64(r.now.UnixMilli()), picture, arg(args, 0) != nil, zone)
}

func fromMillis(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	picture, given := arg(args, 1).(string)
	zone, _ := arg(args, 2).(string)
	return formatDate(mustNumber(args[0]), picture, given, zone)
}

// datePart is a literal or a component of a picture.
type datePart struct {
	literal      string
	component    byte // 0 for a literal
	presentation string
	traditional  bool // the second presentation modifier t
	names        byte // n, N or T (for Nn); 0 for numbers
	max          int  // width; -1 for any
	year         int  // digits of a year that are shown, of any date that are read; -1 for all
	format       *integerFormat
}

var defaultPresentation = map[byte]string{
	'Y': "1", 'M': "1", 'D': "1", 'd': "1", 'F': "n", 'W': "1", 'w': "1", 'X': "1", 'x': "1", 'H': "1", 'h': "1",
	'P': "n", 'm': "01", 's': "01", 'f': "1", 'Z': "01:01", 'z': "01:01", 'C': "n", 'E': "n",
}

// parseDatePicture reads a picture of XPath's format-dateTime.
func parseDatePicture(picture string) []datePart {
	var out []datePart
	literal := func(text string) {
		if text != "" {
			out = append(out, datePart{literal: strings.ReplaceAll(text, "]]", "]")})
		}
	}
	start := 0
	for at := 0; at < len(picture); at++ {
		if picture[at] != '[' {
			continue
		}
		literal(picture[start:at])
		if strings.HasPrefix(picture[at+1:], "[") {
			literal("[")
			at++
			start = at + 1
			continue
		}
		end := strings.IndexByte(picture[at:], ']')
		if end < 0 {
			throw("D3135")
		}
		marker := strings.Join(strings.Fields(picture[at+1:at+end]), "")
		out = append(out, parseMarker(marker))
		at += end
		start = at + 1
	}
	literal(picture[start:])
	return out
}

func parseMarker(marker string) datePart {
	part := datePart{max: -1, year: -1}
	if marker == "" {
		throw("D3132", "value", "")
	}
	part.component = marker[0]
	presentation, least := marker[1:], -1
	if comma := strings.LastIndexByte(marker, ','); comma >= 0 {
		presentation = marker[1:max(1, comma)]
		from, to, ranged := strings.Cut(marker[comma+1:], "-")
		least = width(from)
		if ranged {
			part.max = width(to)
		}
	}
	second := ""
	if n := len(presentation); n > 1 && strings.IndexByte("atco", presentation[n-1]) >= 0 {
		presentation, second = presentation[:n-1], presentation[n-1:]
	} else if n == 0 {
		var ok bool
		if presentation, ok = defaultPresentation[part.component]; !ok {
			throw("D3132", "value", string(part.component))
		}
	}
	part.presentation = presentation
	part.traditional = second == "t"
	switch {
	case presentation[0] == 'n':
		part.names = 'n'
	case strings.HasPrefix(presentation, "Nn"):
		part.names = 'T'
	case presentation[0] == 'N':
		part.names = 'N'
	case strings.IndexByte("YMDdFWwXxHhmsf", part.component) >= 0:
		pattern := presentation
		if second != "" {
			pattern += ";" + second
		}
		part.format = parseIntegerFormat(pattern)
		if least > part.format.mandatory {
			part.format.mandatory = least
		}
		if strings.IndexByte("YMD", part.component) >= 0 {
			if part.max >= 0 {
				part.year = part.max
				part.format.mandatory = part.max
			} else if w := part.format.mandatory + part.format.optional; w >= 2 {
				part.year = w
			}
			part.format.width = max(0, part.year)
		}
	}
	if part.component == 'Z' || part.component == 'z' {
		part.format = parseIntegerFormat(presentation)
	}
	return part
}

// width is a number of characters, -1 for any.
func width(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return -1
}

// maxMillis is how far from 1970 a date can be.
const maxMillis = 8.64e15

func formatDate(millis float64, picture string, given bool, zone string) any {
	if math.Abs(millis) > maxMillis {
		throw("D1001", "value", millis)
	}
	offset := 0 // minutes
	hours, minutes := 0, 0
	if zone != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(zone, "+"))
		if err != nil {
			n = 0
		}
		hours = int(math.Floor(float64(n) / 100))
		minutes = n % 100
		offset = hours*60 + minutes
	}
	if !given {
		picture = isoPicture
	}
	at := time.UnixMilli(int64(math.Floor(millis))).UTC().Add(time.Duration(offset) * time.Minute)
	var b strings.Builder
	for _, part := range parseDatePicture(picture) {
		if part.component == 0 {
			b.WriteString(part.literal)
		} else {
			b.WriteString(part.spell(at, hours*100+minutes, hours, minutes))
		}
	}
	return b.String()
}

var (
	monthNames = strings.Fields("January February March April May June July August September October November December")
	dayNames   = strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
)

// spell writes one component of a time.
func (p datePart) spell(at time.Time, offset, hours, minutes int) string {
	switch p.component {
	case 'Z', 'z':
		return p.zone(offset, hours, minutes)
	case 'P':
		out := "am"
		if at.Hour() >= 12 {
			out = "pm"
		}
		if p.names == 'N' {
			out = strings.ToUpper(out)
		}
		return out
	case 'C', 'E':
		return "ISO"
	}
	value := component(at, p.component)
	if p.names != 0 {
		var name string
		switch p.component {
		case 'M', 'x':
			name = monthNames[value-1]
		case 'F':
			name = dayNames[value-1]
		default:
			throw("D3133", "value", string(p.component))
		}
		switch p.names {
		case 'N':
			name = strings.ToUpper(name)
		case 'n':
			name = strings.ToLower(name)
		}
		if p.max >= 0 && len(name) > p.max {
			name = name[:p.max]
		}
		return name
	}
	if p.component == 'Y' && p.year != -1 {
		value %= int(math.Pow10(min(p.year, 9)))
	}
	if p.format == nil {
		throw("D3132", "value", string(p.component))
	}
	return p.format.format(float64(value))
}

func (p datePart) zone(offset, hours, minutes int) string {
	var out string
	if p.format.every > 0 {
		out = p.format.format(float64(offset))
	} else {
		switch n := p.format.mandatory; {
		case p.format.primary != decimalDigits:
			throw("D3134", "value", null{})
		case n <= 2:
			out = p.format.format(float64(hours))
			if minutes != 0 {
				out += ":" + (&integerFormat{zero: '0', mandatory: 2}).format(float64(minutes))
			}
		case n <= 4:
			out = p.format.format(float64(offset))
		default:
			throw("D3134", "value", n)
		}
	}
	if offset >= 0 {
		out = "+" + out
	}
	if p.component == 'z' {
		out = "GMT" + out
	}
	if offset == 0 && p.traditional {
		return "Z"
	}
	return out
}

// component is the number that a letter of a picture stands for.
func component(at time.Time, c byte) int {
	switch c {
	case 'Y':
		return at.Year()
	case 'M':
		return int(at.Month())
	case 'D':
		return at.Day()
	case 'd':
		return at.YearDay()
	case 'F':
		return weekday(at)
	case 'W':
		_, week := at.ISOWeek()
		return week
	case 'X':
		year, _ := at.ISOWeek()
		return year
	case 'w':
		_, week := weekOfMonth(at)
		return week
	case 'x':
		month, _ := weekOfMonth(at)
		return month
	case 'H':
		return at.Hour()
	case 'h':
		if h := at.Hour() % 12; h != 0 {
			return h
		}
		return 12
	case 'm':
		return at.Minute()
	case 's':
		return at.Second()
	case 'f':
		return at.Nanosecond() / 1e6
	}
	throw("D3132", "value", string(c))
	return 0
}

// weekday counts from 1 for Monday.
func weekday(at time.Time) int {
	if d := int(at.Weekday()); d != 0 {
		return d
	}
	return 7
}

// weekOfMonth is the month that the week's Thursday is in, and which of its weeks
// it is.
func weekOfMonth(at time.Time) (month, week int) {
	thursday := at.AddDate(0, 0, 4-weekday(at))
	return int(thursday.Month()), (thursday.Day()-1)/7 + 1
}

var isoDate = regexp.MustCompile(`^\d{4}(-[01]\d)*(-[0-3]\d)*(T[0-2]\d:[0-5]\d:[0-5]\d)*(\.\d+)?([+-][0-2]\d:?[0-5]\d|Z)?$`)

func toMillis(r *run, args []any, _ any) any {
	text, ok := args[0].(string)
	if !ok {
		return nil
	}
	if picture, ok := arg(args, 1).(string); ok {
		return parseDate(text, picture, r.now)
	}
	if !isoDate.MatchString(text) {
		throw("D3110", "value", text)
	}
	for _, layout := range []string{
		"2006", "2006-01", "2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05-0700",
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return float64(t.UnixMilli())
		}
	}
	return math.NaN()
}
