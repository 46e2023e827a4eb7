package expr

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
		p.each("]", func() { list = append(list, p.value()) })
		return list
	case t.is("{"):
		m := Map{}
		p.each("}", func() {
			name := p.next()
			if name.kind != tokenValue {
				p.fail("Expected an attribute name in quotes")
			}
			p.need(":")
			m[name.text] = p.value()
		})
		return m
	case t.is("<<"):
		return p.set()
	}
	p.fail("Unexpected term")
	return nil
}

func (p *statement) number(text string) Value {
	n, err := ParseNumber(text)
	if err != nil {
		panic(statementError(err.Error()))
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
	case (len(texts) == 0) == (len(numbers) == 0):
		p.fail("A set holds strings or numbers, at least one")
	case len(texts) > 0:
		return StringSet(union(nil, texts))
	}
	return NumberSet(union(nil, numbers))
}
