package jsonata

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

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

// wordValues are the values of English words for numbers.
var wordValues = sync.OnceValue(func() map[string]float64 {
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
})

// numberWords are the words, the longest first, for a regular expression.
var numberWords = sync.OnceValue(func() []string {
	var out []string
	for w := range wordValues() {
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := utf8.RuneCountInString(b) - utf8.RuneCountInString(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
})

var betweenWords = regexp.MustCompile(`,\s|\sand\s|[\s\-]`)

// fromWords adds up the values of words: a larger one multiplies what came
// before it.
func fromWords(text string) float64 {
	segments := []float64{0}
	for _, w := range betweenWords.Split(text, -1) {
		v, ok := wordValues()[w]
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
