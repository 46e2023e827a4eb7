package eventpattern

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

func textRule(want string) rule {
	if ip, err := netip.ParseAddr(want); err == nil {
		return func(v any) bool {
			s, ok := v.(string)
			if !ok {
				return false
			}
			other, err := netip.ParseAddr(s)
			return s == want || err == nil && other == ip
		}
	}
	return func(v any) bool { return v == want }
}

func numberRule(want string) rule {
	n := rational(json.Number(want))
	return func(v any) bool {
		m, ok := v.(json.Number)
		return ok && (string(m) == want || equal(n, rational(m)))
	}
}

func literalRule(want string) rule {
	return func(v any) bool {
		switch want {
		case "null":
			return v == nil
		case "true":
			return v == true
		}
		return v == false
	}
}

// rational is a number exactly, or nil where its exponent is out of all reason.
func rational(n json.Number) *big.Rat {
	if i := strings.IndexAny(string(n), "eE"); i >= 0 {
		if e, err := strconv.Atoi(string(n[i+1:])); err != nil || e > 400 || e < -400 {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return nil
	}
	return r
}

func equal(a, b *big.Rat) bool { return a != nil && b != nil && a.Cmp(b) == 0 }

// ofText makes a rule of a condition on texts.
func ofText(f func(string) bool) rule {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && f(s)
	}
}

// expression reads an operator and its operand, whose brace was taken.
func (r *parser) expression(f *field) (out rule) {
	if r.next().kind != name {
		r.fail("Match expression name not found")
	}
	many := "Only one key allowed in match expression"
	switch op := r.value(); op {
	case "exact", "equals-ignore-case", "wildcard":
		if r.next().kind != text {
			r.fail(op + " match pattern must be a string")
		}
		out = ofText(r.texts(op, r.value()))
	case "cidr":
		if r.next().kind != text {
			r.fail("prefix match pattern must be a string")
		}
		out = r.network(r.value())
	case "prefix", "suffix":
		out = r.affix(op)
	case "exists":
		t := r.next()
		switch {
		case t.kind == literal && t.text == "true":
			out = func(any) bool { return true }
		case t.kind == literal && t.text == "false":
			f.absent = true
			out = func(any) bool { return false }
		default:
			r.fail("exists match pattern must be either true or false.")
		}
	case "numeric":
		if r.next().kind != '[' {
			r.fail("Value of numeric must be an array.")
		}
		out, many = r.numeric(), "Too many elements in numeric expression"
	case "anything-but":
		out, many = r.anythingBut(), "Too many elements in numeric expression"
	default:
		r.fail("Unrecognized match type " + op)
	}
	if r.next().kind != '}' {
		r.fail(many)
	}
	return out
}

// affix reads the operand of prefix and suffix: a text, or an object that says that
// case does not count.
func (r *parser) affix(op string) rule {
	switch r.next().kind {
	case text:
		return ofText(r.texts(op, r.value()))
	case '{':
		title := strings.ToUpper(op[:1]) + op[1:]
		if r.next().kind != name {
			r.fail(title + " expression name not found")
		}
		if inner := r.value(); inner != "equals-ignore-case" {
			r.fail("Unsupported " + op + " pattern: " + inner)
		}
		if r.next().kind != text {
			r.fail("equals-ignore-case match pattern must be a string")
		}
		has := r.texts(op, strings.ToLower(r.value()))
		if r.next().kind != '}' {
			r.fail("Only one key allowed in match expression")
		}
		return ofText(func(s string) bool { return has(strings.ToLower(s)) })
	}
	r.fail(op + " match pattern must be a string")
	return nil
}

// texts is the condition of an operator on texts.
func (r *parser) texts(op, operand string) func(string) bool {
	switch op {
	case "prefix":
		return func(s string) bool { return strings.HasPrefix(s, operand) }
	case "suffix":
		return func(s string) bool { return strings.HasSuffix(s, operand) }
	case "equals-ignore-case":
		return func(s string) bool { return strings.EqualFold(s, operand) }
	case "wildcard":
		return r.wildcard(operand)
	}
	return func(s string) bool { return s == operand }
}

// network is the condition of a range of addresses.
func (r *parser) network(operand string) rule {
	ip, bits, ok := strings.Cut(operand, "/")
	if !ok || strings.Contains(bits, "/") {
		r.fail("Malformed CIDR, one '/' required")
	}
	n, err := strconv.Atoi(bits)
	if err != nil {
		r.fail("Malformed CIDR, mask bits must be an integer")
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		r.fail("Malformed CIDR, the address is none")
	}
	p, err := addr.Prefix(n)
	if err != nil {
		r.fail("Malformed CIDR, the mask bits are out of range")
	}
	return ofText(func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && p.Contains(a)
	})
}

// wildcard is the condition of a pattern in which * stands for any text, and a
// backslash makes a * or a backslash stand for itself.
func (r *parser) wildcard(pattern string) func(string) bool {
	var pieces []string
	var b strings.Builder
	star := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			if star {
				r.fail("Consecutive wildcard characters at pos " + strconv.Itoa(i))
			}
			pieces = append(pieces, b.String())
			b.Reset()
			star = true
		case '\\':
			if i++; i == len(pattern) || pattern[i] != '*' && pattern[i] != '\\' {
				r.fail("Invalid escape character at pos " + strconv.Itoa(i))
			}
			b.WriteByte(pattern[i])
			star = false
		default:
			b.WriteByte(c)
			star = false
		}
	}
	pieces = append(pieces, b.String())
	first, last := pieces[0], pieces[len(pieces)-1]
	return func(s string) bool {
		if len(pieces) == 1 {
			return s == first
		}
		rest, ok := strings.CutPrefix(s, first)
		if !ok {
			return false
		}
		for _, p := range pieces[1 : len(pieces)-1] {
			_, after, found := strings.Cut(rest, p)
			if !found {
				return false
			}
			rest = after
		}
		return strings.HasSuffix(rest, last)
	}
}

// numeric reads one or two comparisons, whose bracket was taken.
func (r *parser) numeric() rule {
	t := r.next()
	if t.kind != text {
		r.fail("Invalid member in numeric match: " + t.text)
	}
	op := r.value()
	operand := r.next()
	switch op {
	case "=", "<", "<=", ">", ">=":
	default:
		r.fail("Unrecognized numeric range operator: " + op)
	}
	if operand.kind != number {
		word := op
		if op == "=" {
			word = "equals"
		}
		r.fail("Value of " + word + " must be numeric")
	}
	bottom := rational(json.Number(operand.text))
	next := r.next()
	if next.kind == ']' {
		return compare(op, bottom)
	}
	if op != ">" && op != ">=" {
		r.fail("Too many elements in numeric expression")
	}
	if next.kind != text {
		r.fail("Bad value in numeric range: " + next.text)
	}
	upper := r.value()
	if upper != "<" && upper != "<=" {
		r.fail("Bad numeric range operator: " + upper)
	}
	limit := r.next()
	if limit.kind != number {
		r.fail("Value of " + upper + " must be numeric")
	}
	top := rational(json.Number(limit.text))
	if r.next().kind != ']' {
		r.fail("Too many terms in numeric range expression")
	}
	if bottom == nil || top == nil || bottom.Cmp(top) >= 0 {
		r.fail("Bottom must be less than top")
	}
	low, high := compare(op, bottom), compare(upper, top)
	return func(v any) bool { return low(v) && high(v) }
}

func compare(op string, with *big.Rat) rule {
	return func(v any) bool {
		n, ok := v.(json.Number)
		if !ok || with == nil {
			return false
		}
		m := rational(n)
		if m == nil {
			return false
		}
		c := m.Cmp(with)
		switch op {
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		case ">=":
			return c >= 0
		}
		return c == 0
	}
}

// anythingBut reads what a value must not be: a text or number, a list of either,
// or an operator on texts with one text or a list.
func (r *parser) anythingBut() rule {
	t, op := r.next(), ""
	if t.kind == '{' {
		if r.next().kind != name {
			r.fail("Anything-But expression name not found")
		}
		switch op = r.value(); op {
		case "equals-ignore-case", "prefix", "suffix", "wildcard":
		default:
			r.fail("Unsupported anything-but pattern: " + op)
		}
		t = r.next()
	}
	var not []rule
	switch t.kind {
	case text, number:
		not = append(not, r.unwanted(op, t))
	case '[':
		not = r.unwantedList(op)
	default:
		r.fail("Value of anything-but must be an array or single string/number value.")
	}
	if op != "" && r.next().kind != '}' {
		r.fail("Too many elements in numeric expression")
	}
	return func(v any) bool {
		for _, n := range not {
			if n(v) {
				return false
			}
		}
		return true
	}
}

func (r *parser) unwanted(op string, t token) rule {
	switch {
	case op == "" && t.kind == text:
		v := r.value()
		return func(got any) bool { return got == v }
	case op == "" && t.kind == number:
		return numberRule(t.text)
	case t.kind == text:
		v := r.value()
		if v == "" && (op == "prefix" || op == "suffix") {
			r.fail("Null prefix/suffix not allowed")
		}
		return ofText(r.texts(op, v))
	}
	switch op {
	case "":
		r.fail("Inside anything but list, start|null|boolean is not supported.")
	case "equals-ignore-case":
		r.fail("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.")
	case "wildcard":
		r.fail("wildcard match pattern must be a string")
	}
	r.fail("prefix/suffix match pattern must be a string")
	return nil
}

func (r *parser) unwantedList(op string) (not []rule) {
	texts, numbers := 0, 0
	for {
		t := r.next()
		switch t.kind {
		case ']':
			if op == "" && (texts > 0) == (numbers > 0) {
				r.fail("Inside anything but list, either all values are number or string, mixed type is not supported")
			}
			return not
		case text:
			texts++
		case number:
			numbers++
		}
		not = append(not, r.unwanted(op, t))
	}
}
