package jsonata

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// symbols are the characters of a picture of XPath's format-number.
type symbols struct {
	decimal, grouping, exponent, infinity, minus, nan, percent, perMille, zero, digit, pattern string
}

func symbolsOf(options any) symbols {
	s := symbols{".", ",", "e", "Infinity", "-", "NaN", "%", "‰", "0", "#", ";"}
	o, ok := options.(*jsonvalue.Object)
	if !ok {
		return s
	}
	for name, at := range map[string]*string{
		"decimal-separator": &s.decimal, "grouping-separator": &s.grouping, "exponent-separator": &s.exponent,
		"infinity": &s.infinity, "minus-sign": &s.minus, "NaN": &s.nan, "percent": &s.percent, "per-mille": &s.perMille,
		"zero-digit": &s.zero, "digit": &s.digit, "pattern-separator": &s.pattern,
	} {
		if v, ok := o.Get(name).(string); ok && v != "" {
			*at = v
		}
	}
	return s
}

// isDigit tells whether c is one of the ten digits that begin with the zero.
func (s symbols) isDigit(c rune) bool {
	zero := []rune(s.zero)[0]
	return c >= zero && c <= zero+9
}

// subPicture is the half of a picture for positive or negative numbers.
type subPicture struct {
	prefix, suffix string
	integer        string // the parts of what stands between them
	fraction       string
	exponent       string
	active         string
	mantissa       string
	hasDecimal     bool
	hasExponent    bool

	grouping  []int // digits to the right of each separator of the integer part
	every     int
	fractions []int // digits to the left of each separator of the fraction part

	minInteger, scale, minFraction, maxFraction, minExponent int
}

func formatNumber(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	value := mustNumber(args[0])
	picture, _ := args[1].(string)
	s := symbolsOf(arg(args, 2))
	halves := strings.Split(picture, s.pattern)
	if len(halves) > 2 {
		throw("D3080")
	}
	parts := make([]*subPicture, len(halves))
	for i, half := range halves {
		parts[i] = s.analyze(half)
	}
	if len(parts) == 1 {
		negative := *parts[0]
		negative.prefix = s.minus + negative.prefix
		parts = append(parts, &negative)
	}
	p := parts[0]
	if value < 0 {
		p = parts[1]
		value = -value
	}
	return s.format(value, p)
}

// analyze cuts a half of a picture into its parts and checks it.
func (s symbols) analyze(half string) *subPicture {
	p := &subPicture{}
	isActive := func(c rune) bool { // all but the passive ones and the exponent
		return s.isDigit(c) || strings.ContainsRune(s.decimal+s.grouping+s.digit, c)
	}
	inside := func(c rune) bool { return isActive(c) || strings.ContainsRune(s.exponent, c) }
	start := strings.IndexFunc(half, isActive)
	if start < 0 {
		start = len(half)
	}
	p.prefix, p.active = half[:start], half[start:]
	end := 0
	for i, c := range p.active {
		if isActive(c) {
			end = i + len(string(c))
		}
	}
	p.active, p.suffix = p.active[:end], p.active[end:]

	p.mantissa = p.active
	if i := strings.Index(half[start:], s.exponent); i >= 0 && i <= end {
		p.mantissa, p.hasExponent = p.active[:i], true
		p.exponent = p.active[min(i+len(s.exponent), end):]
	}
	p.integer = p.mantissa
	if i := strings.Index(p.mantissa, s.decimal); i >= 0 {
		p.integer, p.fraction, p.hasDecimal = p.mantissa[:i], p.mantissa[i+len(s.decimal):], true
	}

	wrong := ""
	refuse := func(when bool, code string) { // the last complaint counts
		if when {
			wrong = code
		}
	}
	refuse(strings.Count(half, s.decimal) > 1, "D3081")
	refuse(strings.Count(half, s.percent) > 1, "D3082")
	refuse(strings.Count(half, s.perMille) > 1, "D3083")
	refuse(strings.Contains(half, s.percent) && strings.Contains(half, s.perMille), "D3084")
	refuse(!strings.ContainsFunc(p.mantissa, func(c rune) bool { return s.isDigit(c) || string(c) == s.digit }), "D3085")
	refuse(strings.ContainsFunc(p.active, func(c rune) bool { return !inside(c) }), "D3086")
	decimalAt := strings.Index(half, s.decimal)
	if decimalAt >= 0 {
		after := half[decimalAt+len(s.decimal):]
		refuse(strings.HasSuffix(half[:decimalAt], s.grouping) || strings.HasPrefix(after, s.grouping), "D3087")
	} else {
		refuse(strings.HasSuffix(p.integer, s.grouping), "D3088")
	}
	refuse(strings.Contains(half, s.grouping+s.grouping), "D3089")
	if i := strings.Index(p.integer, s.digit); i >= 0 {
		refuse(strings.ContainsFunc(p.integer[:i], s.isDigit), "D3090")
	}
	if i := strings.LastIndex(p.fraction, s.digit); i >= 0 {
		refuse(strings.ContainsFunc(p.fraction[i:], s.isDigit), "D3091")
	}
	refuse(p.hasExponent && p.exponent != "" && strings.ContainsAny(half, s.percent+s.perMille), "D3092")
	refuse(p.hasExponent && (p.exponent == "" || strings.ContainsFunc(p.exponent, func(c rune) bool { return !s.isDigit(c) })), "D3093")
	if wrong != "" {
		throw(wrong)
	}

	s.measure(p)
	return p
}

// measure counts the digits of the parts.
func (s symbols) measure(p *subPicture) {
	counts := func(text string, is func(rune) bool) (n int) {
		for _, c := range text {
			if is(c) {
				n++
			}
		}
		return n
	}
	digitOrOptional := func(c rune) bool { return s.isDigit(c) || string(c) == s.digit }
	for rest := p.integer; ; {
		_, after, found := strings.Cut(rest, s.grouping)
		if !found {
			break
		}
		p.grouping = append(p.grouping, counts(after, digitOrOptional))
		rest = after
	}
	p.every = regularGroups(p.grouping)
	for at := 0; ; {
		i := strings.Index(p.fraction[at:], s.grouping)
		if i < 0 {
			break
		}
		p.fractions = append(p.fractions, counts(p.fraction[:at+i], digitOrOptional))
		at += i + len(s.grouping)
	}
	p.minInteger = counts(p.integer, s.isDigit)
	p.scale = p.minInteger
	p.minFraction = counts(p.fraction, s.isDigit)
	p.maxFraction = counts(p.fraction, digitOrOptional)
	if p.minInteger == 0 && p.maxFraction == 0 {
		if p.hasExponent {
			p.minFraction, p.maxFraction = 1, 1
		} else {
			p.minInteger = 1
		}
	}
	if p.hasExponent && p.minInteger == 0 && strings.Contains(p.integer, s.digit) {
		p.minInteger = 1
	}
	if p.minInteger == 0 && p.minFraction == 0 {
		p.minFraction = 1
	}
	if p.hasExponent {
		p.minExponent = counts(p.exponent, s.isDigit)
	}
}

// regularGroups is the distance of grouping separators if it is the same
// everywhere, else 0.
func regularGroups(positions []int) int {
	all := make([]separator, len(positions))
	for i, p := range positions {
		all[len(positions)-1-i] = separator{position: p}
	}
	return regular(all)
}

// format spells a number that is not negative.
func (s symbols) format(value float64, p *subPicture) string {
	exact := value
	if strings.Contains(p.prefix+p.suffix, s.percent) {
		exact = value * 100
	} else if strings.Contains(p.prefix+p.suffix, s.perMille) {
		exact = value * 1000
	}
	mantissa, exponent := exact, 0
	if p.minExponent > 0 && exact != 0 {
		most, least := math.Pow(10, float64(p.scale)), math.Pow(10, float64(p.scale-1))
		for mantissa < least {
			mantissa *= 10
			exponent--
		}
		for mantissa > most {
			mantissa /= 10
			exponent++
		}
	}
	digits := fixed(round(mantissa, float64(p.maxFraction)), p.maxFraction)
	whole, fraction, _ := strings.Cut(digits, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if missing := p.minInteger - len(whole); missing > 0 {
		whole = strings.Repeat("0", missing) + whole
	}
	if missing := p.minFraction - len(fraction); missing > 0 {
		fraction += strings.Repeat("0", missing)
	}

	var b strings.Builder
	b.WriteString(p.prefix)
	for i, c := range []byte(whole) {
		right := len(whole) - i
		if i > 0 && p.groupedAt(right) {
			b.WriteString(s.grouping)
		}
		s.write(&b, c)
	}
	if fraction != "" {
		b.WriteString(s.decimal)
	}
	for i := range len(fraction) + 1 {
		for _, at := range p.fractions {
			if i == at {
				b.WriteString(s.grouping)
			}
		}
		if i < len(fraction) {
			s.write(&b, fraction[i])
		}
	}
	if p.hasExponent {
		b.WriteString(s.exponent)
		if exponent < 0 {
			b.WriteString(s.minus)
			exponent = -exponent
		}
		text := strconv.Itoa(exponent)
		if missing := p.minExponent - len(text); missing > 0 {
			text = strings.Repeat("0", missing) + text
		}
		for _, c := range []byte(text) {
			s.write(&b, c)
		}
	}
	b.WriteString(p.suffix)
	return b.String()
}

// groupedAt tells whether a separator stands in front of the last n digits.
func (p *subPicture) groupedAt(n int) bool {
	if p.every > 0 {
		return n%p.every == 0
	}
	for _, at := range p.grouping {
		if at == n {
			return true
		}
	}
	return false
}

func (s symbols) write(b *strings.Builder, digit byte) {
	b.WriteRune([]rune(s.zero)[0] + rune(digit-'0'))
}

// fixed is f with exactly n decimal places and no exponent.
func fixed(f float64, n int) string {
	return new(big.Float).SetFloat64(f).Text('f', min(n, 100))
}
