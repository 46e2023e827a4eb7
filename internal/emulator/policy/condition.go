package policy

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Conditions are those of a statement, by operator and key.
type Conditions map[string]map[string]List

// Hold reports whether all conditions hold for a request of which these keys are
// known, by their names in lower case. A key that is missing is one that the request
// does not have. The error names an operator that is not known.
func (c Conditions) Hold(keys map[string]string) (bool, error) { return c.hold(keys, true) }

// hold is Hold, where variables in the conditions count or not.
func (c Conditions) hold(keys map[string]string, variables bool) (bool, error) {
	all := true
	for operator, byKey := range c {
		for key, want := range byKey {
			ok, err := holds(operator, strings.ToLower(key), want, keys, variables)
			if err != nil {
				return false, err
			}
			all = all && ok
		}
	}
	return all, nil
}

func holds(operator, key string, want List, keys map[string]string, variables bool) (bool, error) {
	got, there := keys[key]
	whole := operator
	if operator == "Null" {
		return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, strconv.FormatBool(!there)) }), nil
	}
	operator, every := strings.CutPrefix(operator, "ForAllValues:")
	some := false
	if !every {
		operator, some = strings.CutPrefix(operator, "ForAnyValue:")
	}
	operator, optional := strings.CutSuffix(operator, "IfExists")
	plain, negated := negations[operator]
	if !negated {
		plain = operator
	}
	match, known := operators[plain]
	if !known {
		return false, fmt.Errorf("the condition operator %s is not emulated", whole)
	}
	switch {
	case !there && (optional || every): // all of no values are as they must be
		return true, nil
	case !there && some: // and none of them
		return false, nil
	}
	one := there && slices.ContainsFunc(want, func(w string) bool {
		ok := true
		switch {
		case variables && patterns[plain]:
			w, ok = ExpandPattern(w, keys)
		case variables:
			w, ok = Expand(w, keys)
		}
		return ok && match(w, got)
	})
	return one != negated, nil // a negated one holds where the key is missing
}

// negations are the operators that hold where another does not.
var negations = map[string]string{
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
	"DateNotEquals":             "DateEquals",
	"NotIpAddress":              "IpAddress",
	"NumericNotEquals":          "NumericEquals",
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
}

// patterns are the operators whose wanted values have wildcards.
var patterns = map[string]bool{"ArnEquals": true, "ArnLike": true, "StringLike": true}

// operators compare a value that is wanted with the one that is.
var operators = map[string]func(want, got string) bool{
	"ArnEquals":                ARNLike,
	"ArnLike":                  ARNLike,
	"BinaryEquals":             sameBytes,
	"Bool":                     strings.EqualFold,
	"DateEquals":               dates(func(order int) bool { return order == 0 }),
	"DateGreaterThan":          dates(func(order int) bool { return order > 0 }),
	"DateGreaterThanEquals":    dates(func(order int) bool { return order >= 0 }),
	"DateLessThan":             dates(func(order int) bool { return order < 0 }),
	"DateLessThanEquals":       dates(func(order int) bool { return order <= 0 }),
	"IpAddress":                within,
	"NumericEquals":            numbers(func(want, got float64) bool { return got == want }),
	"NumericGreaterThan":       numbers(func(want, got float64) bool { return got > want }),
	"NumericGreaterThanEquals": numbers(func(want, got float64) bool { return got >= want }),
	"NumericLessThan":          numbers(func(want, got float64) bool { return got < want }),
	"NumericLessThanEquals":    numbers(func(want, got float64) bool { return got <= want }),
	"StringEquals":             func(want, got string) bool { return want == got },
	"StringEqualsIgnoreCase":   strings.EqualFold,
	"StringLike":               Glob,
}

func numbers(compare func(want, got float64) bool) func(want, got string) bool {
	return func(want, got string) bool {
		w, err := strconv.ParseFloat(want, 64)
		g, also := strconv.ParseFloat(got, 64)
		return err == nil && also == nil && compare(w, g)
	}
}

// dates compares points in time, in ISO 8601 or in seconds since 1970; order is of the
// one that is, compared with the one that is wanted.
func dates(is func(order int) bool) func(want, got string) bool {
	return func(want, got string) bool {
		w, ok := date(want)
		g, also := date(got)
		return ok && also && is(g.Compare(w))
	}
}

func date(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// sameBytes compares what two texts are in base64.
func sameBytes(want, got string) bool {
	w, err := base64.StdEncoding.DecodeString(want)
	g, also := base64.StdEncoding.DecodeString(got)
	return err == nil && also == nil && bytes.Equal(w, g)
}

// within tells whether an address is the one that is wanted, or in that range.
func within(want, got string) bool {
	a, err := netip.ParseAddr(got)
	if err != nil {
		return false
	}
	if p, err := netip.ParsePrefix(want); err == nil {
		return p.Contains(a)
	}
	one, err := netip.ParseAddr(want)
	return err == nil && one == a
}

var variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([^{}]*)\}`) })

// Expand puts the values of keys in the place of variables such as
// ${aws:PrincipalAccount}, and *, ? and $ in that of ${*}, ${?} and ${$}; ok is false
// where a key is missing that has no default.
func Expand(text string, keys map[string]string) (_ string, ok bool) {
	return expand(text, keys, func(value string) string { return value })
}

// ExpandPattern is Expand for patterns, where what comes of a variable stands for itself:
// a * in it is no wildcard.
func ExpandPattern(pattern string, keys map[string]string) (_ string, ok bool) {
	return expand(pattern, keys, quoted.Replace)
}

// quoted makes patterns of texts.
var quoted = strings.NewReplacer("*", string([]byte{literal, '*'}), "?", string([]byte{literal, '?'}))

func expand(text string, keys map[string]string, quote func(string) string) (_ string, ok bool) {
	if !strings.Contains(text, "${") {
		return text, true
	}
	ok = true
	out := variable().ReplaceAllStringFunc(text, func(v string) string {
		name, initial, has := strings.Cut(v[2:len(v)-1], ",")
		name = strings.TrimSpace(name)
		if name == "*" || name == "?" || name == "$" {
			return quote(name)
		}
		got, there := keys[strings.ToLower(name)]
		if !there && has {
			return quote(strings.Trim(strings.TrimSpace(initial), "'"))
		}
		ok = ok && there
		return quote(got)
	})
	return out, ok
}
