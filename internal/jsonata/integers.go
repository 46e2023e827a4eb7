package jsonata

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// integerFormat is a picture of XPath's format-integer: how a whole number is
// spelled.
type integerFormat struct {
	primary    primary
	casing     casing
	ordinal    bool
	zero       rune // of the family of digits
	mandatory  int  // digits that are always there
	optional   int
	separators []separator // from the right
	every      int         // the distance of separators if it is always the same
	width      int         // digits to read; 0 for any number of them
	unknown    string      // a picture that is refused when it is used
}

type primary byte

const (
	decimalDigits primary = iota
	words
	roman
	letters
	unsupported
)

type casing byte

const (
	lowerCase casing = iota
	upperCase
	titleCase
)

type separator struct {
	position int // digits to its right
	char     rune
}

// digitFamilies are the zeros of the decimal digits of Unicode.
var digitFamilies = []rune{
	0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
	0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
	0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
}

// parseIntegerFormat reads a picture.
func parseIntegerFormat(picture string) *integerFormat {
	f := &integerFormat{primary: decimalDigits}
	format := picture
	if i := strings.LastIndexByte(picture, ';'); i >= 0 {
		format = picture[:i]
		f.ordinal = strings.HasPrefix(picture[i+1:], "o")
	}
	switch format {
	case "A":
		f.primary, f.casing = letters, upperCase
	case "a":
		f.primary = letters
	case "I":
		f.primary, f.casing = roman, upperCase
	case "i":
		f.primary = roman
	case "W":
		f.primary, f.casing = words, upperCase
	case "Ww":
		f.primary, f.casing = words, titleCase
	case "w":
		f.primary = words
	default:
		f.digits(format)
	}
	return f
}

// digits reads a picture of decimal digits, optional ones (#) and separators.
func (f *integerFormat) digits(format string) {
	chars := []rune(format)
	position := 0
	for _, c := range slices.Backward(chars) {
		family := rune(0)
		for _, zero := range digitFamilies {
			if c >= zero && c <= zero+9 {
				family = zero
			}
		}
		switch {
		case family != 0:
			f.mandatory++
			position++
			if f.zero == 0 {
				f.zero = family
			} else if f.zero != family {
				throw("D3131")
			}
		case c == '#':
			position++
			f.optional++
		default:
			f.separators = append(f.separators, separator{position, c})
		}
	}
	if f.mandatory == 0 {
		f.primary, f.unknown = unsupported, format
	}
	f.every = regular(f.separators)
}

// regular is the distance of separators when it is the same everywhere, else 0.
func regular(separators []separator) int {
	if len(separators) == 0 {
		return 0
	}
	step := separators[0].position
	for _, s := range separators {
		if s.char != separators[0].char || step == 0 {
			return 0
		}
		for a, b := s.position, step; ; { // the greatest common divisor must be one of the positions
			if b == 0 {
				step = a
				break
			}
			a, b = b, a%b
		}
	}
	for i := 1; i <= len(separators); i++ {
		if !slices.ContainsFunc(separators, func(s separator) bool { return s.position == i*step }) {
			return 0
		}
	}
	return step
}

func formatIntegerOf(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	picture, _ := args[1].(string)
	return parseIntegerFormat(picture).format(math.Floor(mustNumber(args[0])))
}

// format spells a whole number.
func (f *integerFormat) format(value float64) string {
	if f.primary == unsupported {
		throw("D3130", "value", f.unknown)
	}
	negative := value < 0
	value = math.Abs(value)
	var out string
	switch f.primary {
	case letters:
		out = toLetters(value, f.casing)
	case roman:
		out = toRoman(value)
		if f.casing == upperCase {
			out = strings.ToUpper(out)
		}
	case words:
		out = inWords(value, f.ordinal)
		switch f.casing {
		case upperCase:
			out = strings.ToUpper(out)
		case lowerCase:
			out = strings.ToLower(out)
		}
	default:
		out = f.inDigits(value)
	}
	if negative {
		return "-" + out
	}
	return out
}

func (f *integerFormat) inDigits(value float64) string {
	digits := jsonvalue.FormatNumber(value)
	if missing := f.mandatory - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	chars := []rune(digits)
	if f.zero != '0' && f.zero != 0 {
		for i := range chars {
			chars[i] += f.zero - '0'
		}
	}
	if f.every > 0 {
		for i := 1; i <= (len(digits)-1)/f.every; i++ {
			chars = slices.Insert(chars, len(digits)-i*f.every, f.separators[0].char)
		}
	} else {
		total := len(chars)
		for _, s := range f.separators {
			if at := total - s.position; at >= 0 {
				chars = slices.Insert(chars, min(at, len(chars)), s.char)
			}
		}
	}
	out := string(chars)
	if f.ordinal {
		out += ordinalSuffix(digits)
	}
	return out
}

func ordinalSuffix(digits string) string {
	last := digits[len(digits)-1]
	if len(digits) > 1 && digits[len(digits)-2] == '1' {
		return "th"
	}
	switch last {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}

func parseIntegerOf(_ *run, args []any, _ any) any {
	text, ok := args[0].(string)
	if !ok {
		return nil
	}
	picture, _ := args[1].(string)
	return parseIntegerFormat(picture).parse(text)
}

// pattern is the regular expression of what parse reads.
func (f *integerFormat) pattern() string {
	switch f.primary {
	case unsupported:
		throw("D3130", "value", f.unknown)
	case letters:
		if f.casing == upperCase {
			return "[A-Z]+"
		}
		return "[a-z]+"
	case roman:
		if f.casing == upperCase {
			return "[MDCLXVI]+"
		}
		return "[mdclxvi]+"
	case words:
		return "(?:" + strings.Join(numberWords(), "|") + "|and|[\\-, ])+"
	}
	out := "[0-9]+"
	if f.width > 0 {
		out = "[0-9]{" + strconv.Itoa(f.width) + "}"
	} else if len(f.separators) > 0 {
		out = "[0-9" + regexp.QuoteMeta(f.separatorChars()) + "]+"
	}
	if f.ordinal {
		out += "(?:th|st|nd|rd)"
	}
	return out
}

func (f *integerFormat) separatorChars() string {
	var out string
	for _, s := range f.separators {
		out += string(s.char)
	}
	return out
}

// parse is the number that a text spells, not a number when it spells none.
func (f *integerFormat) parse(text string) float64 {
	var out float64
	switch f.primary {
	case unsupported:
		throw("D3130", "value", f.unknown)
	case letters:
		a := byte('a')
		if f.casing == upperCase {
			a = 'A'
		}
		out = fromLetters(text, a)
	case roman:
		if f.casing != upperCase {
			text = strings.ToUpper(text)
		}
		out = fromRoman(text)
	case words:
		out = fromWords(strings.ToLower(text))
	default:
		if f.ordinal && len(text) > 2 {
			text = text[:len(text)-2]
		}
		if len(f.separators) > 0 {
			text = strings.Map(func(c rune) rune {
				if f.every > 0 && c == ',' || f.every == 0 && strings.ContainsRune(f.separatorChars(), c) {
					return -1
				}
				return c
			}, text)
		}
		text = strings.Map(func(c rune) rune {
			if f.zero > '0' && c >= f.zero && c <= f.zero+9 {
				return c - f.zero + '0'
			}
			return c
		}, text)
		end := 0
		for end < len(text) && (isDigit(text[end]) || end == 0 && text[0] == '-') {
			end++
		}
		v, err := strconv.ParseFloat(text[:end], 64)
		if err != nil {
			return math.NaN()
		}
		out = v
	}
	return out
}
