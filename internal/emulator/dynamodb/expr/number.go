package expr

import (
	"math/big"
	"strconv"
	"strings"
)

// A Number is a decimal of up to 38 significant digits between 1E-130 and
// 9.99…E+125, negative or positive, or zero. It is held in its key form: equal
// numbers are equal strings, a smaller number is a smaller string, and no number
// is the beginning of another. The zero value is not a number.
//
// The key form is a byte for the sign (0 negative, 1 zero, 2 positive), a byte for
// the exponent, the digits two to a byte, and an end; of negative numbers all but
// the sign is complemented.
type Number string

const (
	negative, zero, positive = 0, 1, 2

	maxDigits = 38
	// The value is 0.d1d2… × 10^exponent; the bias makes the exponent a byte.
	minExponent, maxExponent = -129, 126
)

// Zero is the number 0.
const Zero = Number("\x01")

// The reasons why a text is not a number, in AWS's words.
const (
	ErrOverflow  = Error("Number overflow. Attempting to store a number with magnitude larger than supported range")
	ErrUnderflow = Error("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	ErrPrecision = Error("Attempting to store more than 38 significant digits in a Number")
)

// ParseNumber reads a decimal such as "-12.50e3". The error's text is AWS's.
func ParseNumber(s string) (Number, error) {
	if s == "" {
		return "", Error("The parameter cannot be converted to a numeric value")
	}
	neg, digits, exp, ok := scan(s)
	if !ok {
		return "", Error("The parameter cannot be converted to a numeric value: " + s)
	}
	return encode(neg, digits, exp)
}

// Int returns the number n.
func Int(n int64) Number {
	v, err := ParseNumber(strconv.FormatInt(n, 10))
	if err != nil {
		return Zero // unreachable: n has at most 19 digits
	}
	return v
}

// scan splits a decimal into sign, significant digits without zeros at either end,
// and the exponent of 0.digits.
func scan(s string) (neg bool, digits string, exp int, ok bool) {
	switch s[0] {
	case '-', '+':
		neg, s = s[0] == '-', s[1:]
	}
	mantissa, rest := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, rest = s[:i], s[i+1:]
		if exp, ok = atoi(rest); !ok {
			return false, "", 0, false
		}
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits = whole + frac
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false, "", 0, false
	}
	exp += len(whole)
	trimmed := strings.TrimLeft(digits, "0")
	exp -= len(digits) - len(trimmed)
	return neg, strings.TrimRight(trimmed, "0"), exp, true
}

// atoi reads an exponent; beyond a million it stops counting, which is out of range
// whatever the digits are.
func atoi(s string) (n int, ok bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if s == "" {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n < 1_000_000 {
			n = n*10 + int(c-'0')
		}
	}
	if neg {
		n = -n
	}
	return n, true
}

func encode(neg bool, digits string, exp int) (Number, error) {
	switch {
	case digits == "":
		return Zero, nil
	case exp > maxExponent:
		return "", ErrOverflow
	case exp < minExponent:
		return "", ErrUnderflow
	case len(digits) > maxDigits:
		return "", ErrPrecision
	}
	b := make([]byte, 0, 3+maxDigits/2)
	b = append(b, positive, byte(exp-minExponent))
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		b = append(b, pair+1)
	}
	b = append(b, 0)
	if neg {
		b[0] = negative
		for i := 1; i < len(b); i++ {
			b[i] = ^b[i]
		}
	}
	return Number(b), nil
}

// decode is the inverse of encode.
func (n Number) decode() (neg bool, digits string, exp int) {
	if n == Zero || len(n) < 3 {
		return false, "", 0
	}
	var flip byte
	if n[0] == negative {
		neg, flip = true, 0xFF
	}
	b := make([]byte, 0, 2*len(n))
	for i := 2; i < len(n)-1; i++ {
		pair := (n[i] ^ flip) - 1
		b = append(b, '0'+pair/10, '0'+pair%10)
	}
	if b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return neg, string(b), int(n[1]^flip) + minExponent
}

// String is the number as DynamoDB prints it: plain digits without an exponent.
func (n Number) String() string {
	neg, digits, exp := n.decode()
	if digits == "" {
		return "0"
	}
	var b strings.Builder
	if neg {
		b.WriteByte('-')
	}
	switch {
	case exp <= 0:
		b.WriteString("0.")
		b.WriteString(strings.Repeat("0", -exp))
		b.WriteString(digits)
	case exp >= len(digits):
		b.WriteString(digits)
		b.WriteString(strings.Repeat("0", exp-len(digits)))
	default:
		b.WriteString(digits[:exp])
		b.WriteByte('.')
		b.WriteString(digits[exp:])
	}
	return b.String()
}

// Type implements [Value].
func (Number) Type() string { return "N" }

// Size implements [Value]: a byte for two digits, one more, and one for a sign.
func (n Number) Size() int {
	neg, digits, exp := n.decode()
	if digits == "" {
		return 1
	}
	size := 1 + (len(digits)+1)/2
	if len(digits)%2 == 0 && exp%2 != 0 {
		size++ // an odd exponent moves the digits by one
	}
	if neg {
		size++
	}
	return size
}

// Compare is negative, zero or positive as n is less than, equal to or more than m.
func (n Number) Compare(m Number) int { return strings.Compare(string(n), string(m)) }

// Add returns n + m, rounded half up to 38 digits as DynamoDB does. The error's text
// is AWS's.
func (n Number) Add(m Number) (Number, error) {
	low := min(n.lowest(), m.lowest())
	sum := n.units(low)
	return round(sum.Add(sum, m.units(low)), low)
}

// Sub returns n - m; see [Number.Add].
func (n Number) Sub(m Number) (Number, error) {
	low := min(n.lowest(), m.lowest())
	rest := n.units(low)
	return round(rest.Sub(rest, m.units(low)), low)
}

// lowest is the exponent of ten that the last digit stands for.
func (n Number) lowest() int {
	_, digits, exp := n.decode()
	return exp - len(digits)
}

// units is n / 10^low, which is whole where low is at most n's lowest: then it has
// fewer than 300 digits.
func (n Number) units(low int) *big.Int {
	neg, digits, exp := n.decode()
	v, ok := new(big.Int).SetString("0"+digits+strings.Repeat("0", exp-len(digits)-low), 10)
	if !ok {
		return new(big.Int) // unreachable: these are digits
	}
	if neg {
		v.Neg(v)
	}
	return v
}

// round returns v × 10^low with 38 digits, of which the last may be rounded up.
func round(v *big.Int, low int) (Number, error) {
	digits := new(big.Int).Abs(v).String()
	if more := len(digits) - maxDigits; more > 0 {
		up := digits[maxDigits] >= '5'
		digits, low = digits[:maxDigits], low+more
		if up {
			digits = increment(digits)
		}
	}
	return encode(v.Sign() < 0, strings.Trim(digits, "0"), low+len(digits))
}

// increment adds one to a whole number.
func increment(digits string) string {
	kept := strings.TrimRight(digits, "9")
	zeros := strings.Repeat("0", len(digits)-len(kept))
	if kept == "" {
		return "1" + zeros
	}
	last := len(kept) - 1
	return kept[:last] + string(kept[last]+1) + zeros
}
