package jsonata

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// dateReader reads one component.
type dateReader struct {
	component byte
	read      func(text string) int
}

// pattern is the regular expression for a part, and how what it matched is read.
func (p datePart) pattern() (string, func(string) int) {
	switch {
	case p.component == 0:
		return regexp.QuoteMeta(p.literal), nil
	case p.component == 'Z' || p.component == 'z':
		return p.zonePattern()
	case p.format != nil:
		return p.format.pattern(), func(text string) int {
			f := p.format.parse(text)
			if math.IsNaN(f) {
				return 0
			}
			return int(f)
		}
	}
	names := map[string]int{}
	switch p.component {
	case 'M', 'x':
		for i, name := range monthNames {
			names[p.cut(name)] = i + 1
		}
	case 'F':
		for i, name := range dayNames {
			names[p.cut(name)] = i + 1
		}
	case 'P':
		names["am"], names["AM"], names["pm"], names["PM"] = 0, 0, 1, 1
	default:
		throw("D3133", "value", string(p.component))
	}
	return "[a-zA-Z]+", func(text string) int {
		for name, v := range names {
			if strings.EqualFold(name, text) {
				return v
			}
		}
		return 0
	}
}

func (p datePart) cut(name string) string {
	if p.max >= 0 && len(name) > p.max {
		return name[:p.max]
	}
	return name
}

func (p datePart) zonePattern() (string, func(string) int) {
	pattern, separator := "[-+][0-9]+", ""
	if len(p.format.separators) == 1 {
		separator = string(p.format.separators[0].char)
		pattern += regexp.QuoteMeta(separator) + "[0-9]+"
	}
	if p.component == 'z' {
		pattern = "GMT" + pattern
	}
	return pattern, func(text string) int {
		text = text[strings.IndexAny(text, "+-"):]
		hours, minutes, found := text, "0", false
		if separator != "" {
			hours, minutes, found = strings.Cut(text, separator)
		}
		if !found && len(text) > 3 {
			hours, minutes = text[:3], text[3:]
		}
		h, _ := strconv.Atoi(hours)
		m, _ := strconv.Atoi(minutes)
		return h*60 + m
	}
}

// parseDate reads a time as a picture describes it; what it lacks on the large
// side is that of now, on the small side the least.
func parseDate(text, picture string, now time.Time) any {
	parts := parseDatePicture(picture)
	var pattern strings.Builder
	pattern.WriteString("(?i)^")
	var readers []dateReader
	for _, part := range parts {
		p, read := part.pattern()
		pattern.WriteString("(" + p + ")")
		readers = append(readers, dateReader{part.component, read})
	}
	re, err := regexp.Compile(pattern.String() + "$")
	if err != nil {
		return nil
	}
	found := re.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	have := map[byte]int{}
	for i, reader := range readers {
		if reader.read != nil {
			have[reader.component] = reader.read(found[i+1])
		}
	}
	if len(have) == 0 {
		return nil
	}
	fill(have, wanted(have), now.UTC())
	if c := wanted(have)[0]; c == 'X' { // weeks: not carried out by the language either
		throw("D3136")
	}
	month := max(1, have['M'])
	day := have['D']
	if _, ok := have['d']; ok && strings.HasPrefix(wanted(have), "Yd") {
		month, day = 1, have['d']
	}
	hour := have['H']
	if strings.Contains(wanted(have), "P") {
		if hour = have['h']; hour == 12 {
			hour = 0
		}
		hour += 12 * have['P']
	}
	if y := have['Y']; y >= 0 && y <= 99 { // as ECMAScript takes years
		have['Y'] = 1900 + y
	}
	t := time.Date(have['Y'], time.Month(month), day, hour, have['m'], have['s'], have['f']*1e6, time.UTC)
	out := float64(t.UnixMilli())
	for _, zone := range []byte{'Z', 'z'} {
		if offset, ok := have[zone]; ok {
			out -= float64(offset) * 60_000
		}
	}
	return out
}

// wanted are the components that make up a time, given which ones are there, from
// the largest to the smallest.
func wanted(have map[byte]int) string {
	has := func(all string) bool {
		any := false
		for i := range len(all) {
			if _, ok := have[all[i]]; ok {
				any = true
			}
		}
		return any
	}
	date := "YMD"
	switch {
	case !has("MXxWwF") && has("d") && !has("D"):
		date = "Yd"
	case has("x") || has("w") && has("X"):
		date = "XxwF"
	case has("W"):
		date = "XWF"
	}
	if has("P") || has("h") && !has("H") {
		return date + "Phmsf"
	}
	return date + "Hmsf"
}

func fill(have map[byte]int, order string, now time.Time) {
	started, ended := false, false
	for i := range len(order) {
		c := order[i]
		if _, ok := have[c]; ok {
			started = true
			if ended {
				throw("D3136")
			}
			continue
		}
		switch {
		case !started && c == 'P':
			have[c] = 0
			if now.Hour() >= 12 {
				have[c] = 1
			}
		case !started:
			have[c] = component(now, c)
		default:
			if ended = true; strings.IndexByte("MDd", c) >= 0 {
				have[c] = 1
			} else {
				have[c] = 0
			}
		}
	}
}
