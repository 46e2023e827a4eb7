package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// value reads a constant, a parameter, or a collection of those.
func (p *statement) value() Value {
	if p.depth() > maxDepth {
		p.fail("Expression is too long")
	}
	t := p.next()
	switch {
	case t.kind == tokenValue:
		return String(t.text)
	case t.kind == tokenIndex:
		return p.number(t.text)
	case t.is("-") && p.peek().kind == tokenIndex:
		return p.number("-" + p.next().text)
	case t.is("?"):
		if p.used == len(p.values) {
			panic(statementError("Number of parameters in request and statement don't match."))
		}
		p.used++
		return p.values[p.used-1]
	case t.is("TRUE"), t.is("FALSE"):
		return Bool(t.is("TRUE"))
	case t.is("NULL"):
		return Null{}
	case t.is("["):
		list := List{}
		p.each("]", func() { list = append(list, p.within(fmt.Sprintf("[%d]", len(list)))) })
		return list
	case t.is("{"):
		m, item := Map{}, p.item
		p.item = false
		p.each("}", func() {
			name := p.next()
			if name.kind != tokenValue {
				p.fail("Expected an attribute name in quotes")
			}
			p.need(":")
			if item { // the attributes of an item are the roots of their values
				m[name.text] = p.value()
			} else {
				m[name.text] = p.within("." + name.text)
			}
		})
		return m
	case t.is("<<"):
		return p.set()
	}
	if t.kind == tokenWord && p.peek().is("(") {
		p.stop("Unsupported data type: %s under key root%s at %s", strings.ToLower(t.text), p.inside, p.place(t))
	}
	p.fail("Unexpected term")
	return nil
}

// within reads a value that stands at that place of the value around it.
func (p *statement) within(step string) Value {
	around := p.inside
	p.inside += step
	v := p.value()
	p.inside = around
	return v
}

// number reads a number. One whose exponent or scale does not fit into 32 bits cannot
// be read at all.
func (p *statement) number(text string) Value {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	if exponent != "" {
		e, err := strconv.ParseInt(exponent, 10, 32)
		if scale := int64(len(fraction)) - e; err != nil || scale > math.MaxInt32 || scale < math.MinInt32 {
			panic(statementError(notWell))
		}
	}
	n, err := ParseNumber(text)
	if err != nil {
		p.stop("%s under root%s", err, p.inside)
	}
	return n
}

// each reads elements between commas, up to the end.
func (p *statement) each(end string, read func()) {
	if p.accept(end) {
		return
	}
	for read(); p.accept(","); {
		read()
	}
	p.need(end)
}

// set reads the elements of a set, which are all strings or all numbers.
func (p *statement) set() Value {
	var texts StringSet
	var numbers NumberSet
	p.each(">>", func() {
		switch v := p.value().(type) {
		case String:
			texts = append(texts, string(v))
		case Number:
			numbers = append(numbers, v)
		default:
			p.fail("A set holds strings or numbers")
		}
	})
	switch {
	case len(texts)+len(numbers) == 0:
		p.stop("Empty bags are not supported")
	case len(texts) > 0 && len(numbers) > 0:
		p.fail("A set holds strings or numbers")
	case len(union(nil, texts)) < len(texts):
		p.stop("One or more parameter values were invalid: Input collection [%s] contains duplicates.", strings.Join(texts, ", "))
	case len(union(nil, numbers)) < len(numbers):
		p.stop("Input collection contains duplicates")
	case len(texts) > 0:
		return texts
	}
	return numbers
}
