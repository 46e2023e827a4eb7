package jsonata

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

var (
	few = strings.Fields("Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen Seventeen Eighteen Nineteen")
	nth = strings.Fields("Zeroth First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth Thirteenth Fourteenth Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth")
	tys = strings.Fields("Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety Hundred")
	ons = strings.Fields("Thousand Million Billion Trillion")
)

// inWords spells a number in English.
func inWords(value float64, ordinal bool) string { return wordsOf(value, false, ordinal) }

func wordsOf(value float64, behind, ordinal bool) string {
	lead := ""
	switch {
	case value <= 19:
		if behind {
			lead = " and "
		}
		if ordinal {
			return lead + nth[int(value)]
		}
		return lead + few[int(value)]
	case value < 100:
		if behind {
			lead = " and "
		}
		ten, one := int(value)/10, int(value)%10
		out := lead + tys[ten-2]
		if one > 0 {
			return out + "-" + wordsOf(float64(one), false, ordinal)
		}
		if ordinal {
			return strings.TrimSuffix(out, "y") + "ieth"
		}
		return out
	case value < 1000:
		if behind {
			lead = ", "
		}
		hundred, rest := int(value)/100, int(value)%100
		out := lead + few[hundred] + " Hundred"
		if rest > 0 {
			return out + wordsOf(float64(rest), true, ordinal)
		}
		if ordinal {
			return out + "th"
		}
		return out
	}
	if behind {
		lead = ", "
	}
	mag := min(int(math.Floor(math.Log10(value)/3)), len(ons))
	factor := math.Pow(10, float64(mag*3))
	mant := math.Floor(value / factor)
	rest := value - mant*factor
	out := lead + wordsOf(mant, false, false) + " " + ons[mag-1]
	if rest > 0 {
		return out + wordsOf(rest, true, ordinal)
	}
	if ordinal {
		return out + "th"
	}
	return out
}

var romans = []struct {
	value  float64
	letter string
}{
	{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"}, {40, "xl"}, {10, "x"},
	{9, "ix"}, {5, "v"}, {4, "iv"}, {1, "i"},
}

func toRoman(value float64) string {
	var b strings.Builder
	for _, r := range romans {
		for value >= r.value && b.Len() < maxText {
			b.WriteString(r.letter)
			value -= r.value
		}
	}
	return b.String()
}

func fromRoman(text string) float64 {
	values := map[byte]float64{'M': 1000, 'D': 500, 'C': 100, 'L': 50, 'X': 10, 'V': 5, 'I': 1}
	out, largest := 0.0, 1.0
	for i := len(text) - 1; i >= 0; i-- {
		v := values[text[i]]
		if v < largest {
			out -= v
		} else {
			largest = v
			out += v
		}
	}
	return out
}

// toLetters numbers as the columns of a sheet: a, b, …, z, aa, ab.
func toLetters(value float64, c casing) string {
	a := byte('a')
	if c == upperCase {
		a = 'A'
	}
	var out []byte
	for value > 0 {
		out = append(out, a+byte(math.Mod(value-1, 26)))
		value = math.Floor((value - 1) / 26)
	}
	slices.Reverse(out)
	return string(out)
}

func fromLetters(text string, a byte) float64 {
	out := 0.0
	for i := range len(text) {
		out = out*26 + float64(text[i]-a) + 1
	}
	return out
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
		return "(?:" + strings.Join(numberWords, "|") + "|and|[\\-, ])+"
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

// wordValues are the values of English words for numbers.
var wordValues = func() map[string]float64 {
	out := map[string]float64{}
	for i := range few {
		out[strings.ToLower(few[i])] = float64(i)
		out[strings.ToLower(nth[i])] = float64(i)
	}
	for i, w := range tys {
		w = strings.ToLower(w)
		out[w] = float64((i + 2) * 10)
		if ty, ok := strings.CutSuffix(w, "y"); ok {
			out[ty+"ieth"] = out[w]
		}
	}
	out["hundred"], out["hundredth"] = 100, 100
	for i, w := range ons {
		w = strings.ToLower(w)
		out[w] = math.Pow(10, float64((i+1)*3))
		out[w+"th"] = out[w]
	}
	return out
}()

// numberWords are the words, the longest first, for a regular expression.
var numberWords = func() []string {
	var out []string
	for w := range wordValues {
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := utf8.RuneCountInString(b) - utf8.RuneCountInString(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
}()

var betweenWords = regexp.MustCompile(`,\s|\sand\s|[\s\-]`)

// fromWords adds up the values of words: a larger one multiplies what came
// before it.
func fromWords(text string) float64 {
	segments := []float64{0}
	for _, w := range betweenWords.Split(text, -1) {
		v, ok := wordValues[w]
		if !ok {
			return math.NaN()
		}
		top := len(segments) - 1
		if v < 100 {
			if segments[top] >= 1000 {
				segments = append(segments, v)
			} else {
				segments[top] += v
			}
		} else {
			segments[top] *= v
		}
	}
	return total(segments)
}
