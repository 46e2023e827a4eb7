package jsonata

import (
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// signature says which arguments a function takes.
type signature struct {
	params []param
}

// param is one parameter: which types it takes, as letters, and how often.
type param struct {
	types    string // letters of symbolOf that fit
	optional bool
	many     bool
	context  bool // taken from $ when it is missing
	array    bool // an item stands for an array with it
	item     byte // what an array must hold, 0 for anything
}

var itemNames = map[byte]string{
	'a': "arrays", 'b': "booleans", 'f': "functions", 'n': "numbers", 'o': "objects", 's': "strings",
}

// parseSignature reads <…:…>. What follows the colon, the result, is not checked.
func parseSignature(text string) *signature {
	s := &signature{}
	for i := 1; i < len(text) && text[i] != ':'; i++ {
		var last *param
		if len(s.params) > 0 {
			last = &s.params[len(s.params)-1]
		}
		switch c := text[i]; c {
		case 's', 'n', 'b', 'l', 'o':
			s.params = append(s.params, param{types: string(c) + "m"})
		case 'a':
			s.params = append(s.params, param{types: "asnblfom", array: true})
		case 'f':
			s.params = append(s.params, param{types: "f"})
		case 'j':
			s.params = append(s.params, param{types: "asnblom"})
		case 'x':
			s.params = append(s.params, param{types: "asnblfom"})
		case '-':
			if last != nil {
				last.context, last.optional = true, true
			}
		case '?':
			if last != nil {
				last.optional = true
			}
		case '+':
			if last != nil {
				last.many = true
			}
		case '(':
			end := closing(text, i, '(', ')')
			choice := text[i+1 : end]
			if strings.Contains(choice, "<") {
				throwAt("S0402", i, choice, "value", choice)
			}
			s.params = append(s.params, param{types: choice + "m"})
			i = end
		case '<':
			if last == nil || !last.array && last.types != "f" {
				kind := ""
				if last != nil {
					kind = last.types[:1]
				}
				throwAt("S0401", i, kind, "value", kind)
			}
			end := closing(text, i, '<', '>')
			if last.array && end > i+1 {
				last.item = text[i+1]
			}
			i = end
		}
	}
	return s
}

// closing is the place of the bracket that closes the one at from, or the end.
func closing(text string, from int, open, shut byte) int {
	depth := 0
	for i := from; i < len(text); i++ {
		switch text[i] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text) - 1
}

// symbolOf is the letter of a value's type, m for nothing.
func symbolOf(v any) byte {
	switch v.(type) {
	case nil:
		return 'm'
	case string:
		return 's'
	case float64, jsonvalue.Number:
		return 'n'
	case bool:
		return 'b'
	case null:
		return 'l'
	case []any, *array:
		return 'a'
	case *function:
		return 'f'
	}
	return 'o'
}

// check hands out the arguments to the parameters.
func (s *signature) check(r *run, args []any, input any) []any {
	var symbolsArray [8]byte
	symbols := symbolsArray[:0]
	for _, arg := range args {
		symbols = append(symbols, symbolOf(arg))
	}
	var takenArray [8]int
	taken := append(takenArray[:0], make([]int, len(s.params))...)
	if !s.match(symbols, taken, 0) {
		at := s.reach(symbols)
		throwAt("T0410", r.pos, r.token, "index", at+1)
	}
	out := make([]any, 0, len(s.params))
	next := 0
	for i, p := range s.params {
		if taken[i] == 0 {
			if p.context {
				if strings.IndexByte(p.types, symbolOf(input)) < 0 {
					throwAt("T0411", r.pos, r.token, "value", input, "index", next+1)
				}
				if a, ok := input.(*array); ok && a.outer {
					input = a.items[0]
				}
				out = append(out, input)
				continue
			}
			var arg any
			if next < len(args) {
				arg = args[next]
			}
			out = append(out, arg)
			next++
			continue
		}
		for range taken[i] {
			arg := args[next]
			if p.array && arg != nil {
				arg = p.asArray(r, arg, next)
			}
			out = append(out, arg)
			next++
		}
	}
	return out
}

// asArray makes an item the array with it, and checks what the array holds.
func (p param) asArray(r *run, arg any, place int) any {
	items, isArr := asItems(arg)
	ok := true
	if p.item != 0 {
		if !isArr {
			ok = symbolOf(arg) == p.item
		}
		for i, item := range items {
			if i == 0 && symbolOf(item) != p.item || symbolOf(item) != symbolOf(items[0]) {
				ok = false
			}
		}
	}
	if !ok {
		throwAt("T0412", r.pos, r.token, "value", arg, "index", place+1, "type", itemNames[p.item])
	}
	if !isArr {
		return []any{arg}
	}
	return arg
}

// match finds how many arguments each parameter takes, as many as possible, the
// first ones first.
func (s *signature) match(symbols []byte, taken []int, at int) bool {
	if at == len(s.params) {
		return len(symbols) == 0
	}
	p := s.params[at]
	fits := 0
	for fits < len(symbols) && (fits == 0 || p.many) && strings.IndexByte(p.types, symbols[fits]) >= 0 {
		fits++
	}
	least := 1
	if p.optional {
		least = 0
	}
	for n := fits; n >= least; n-- {
		taken[at] = n
		if s.match(symbols[n:], taken, at+1) {
			return true
		}
	}
	return false
}

// reach is how many arguments the first parameters take before one does not fit.
func (s *signature) reach(symbols []byte) int {
	good := 0
	for n := 1; n <= len(s.params); n++ {
		length, ok := s.prefix(symbols, 0, n)
		if !ok {
			return good
		}
		good = length
	}
	return good
}

// prefix is how many symbols the parameters from at up to end take.
func (s *signature) prefix(symbols []byte, at, end int) (int, bool) {
	if at == end {
		return 0, true
	}
	p := s.params[at]
	fits := 0
	for fits < len(symbols) && (fits == 0 || p.many) && strings.IndexByte(p.types, symbols[fits]) >= 0 {
		fits++
	}
	least := 1
	if p.optional {
		least = 0
	}
	for n := fits; n >= least; n-- {
		if rest, ok := s.prefix(symbols[n:], at+1, end); ok {
			return n + rest, true
		}
	}
	return 0, false
}
