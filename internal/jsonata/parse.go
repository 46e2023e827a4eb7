package jsonata

// maxNesting is how deep an expression may be nested.
const maxNesting = 1000

// binding is how strongly an operator holds on to what stands left of it.
var binding = map[string]int{
	".": 75, "[": 80, "{": 70, "(": 80, "@": 80, "#": 80, "?": 20, "+": 50, "-": 50, "*": 60, "/": 60, "%": 60,
	"=": 40, "<": 40, ">": 40, "^": 40, ":=": 10, "!=": 40, "<=": 40, ">=": 40, "~>": 40, "and": 30, "or": 25,
	"in": 40, "&": 50,
}

// parser reads an expression by the binding power of its operators.
type parser struct {
	lexer lexer
	tok   token
	depth int
}

// parse reads a whole expression.
func parse(text string) *node {
	p := &parser{lexer: lexer{text: text}}
	p.tok = p.lexer.next(false)
	out := p.expression(0)
	if p.tok.kind != endToken {
		throwAt("S0201", p.tok.end, p.tok.text, "token", tokenValue(p.tok))
	}
	r := resolver{}
	out = r.resolve(out)
	if out.kind == parentNode || out.seeking != nil {
		throwAt("S0217", out.pos, kindNames[out.kind])
	}
	return out
}

// is tells whether the token at hand is that operator.
func (p *parser) is(op string) bool { return p.tok.kind == operatorToken && p.tok.text == op }

// advance goes on behind the operator want.
func (p *parser) advance(want string, infix bool) {
	if !p.is(want) {
		if p.tok.kind == endToken {
			throwAt("S0203", p.tok.end, "(end)", "value", want)
		}
		throwAt("S0202", p.tok.end, p.tok.text, "token", tokenValue(p.tok), "value", want)
	}
	p.tok = p.lexer.next(infix)
}

// tokenValue is how messages show a token.
func tokenValue(t token) any {
	switch t.kind {
	case numberToken:
		return t.num
	case valueToken:
		return t.val
	case regexToken:
		return "/" + t.re.source + "/"
	}
	return t.text
}

func (p *parser) expression(power int) *node {
	if p.depth++; p.depth > maxNesting {
		throwAt(codeDepth, p.tok.end, p.tok.text)
	}
	t := p.tok
	p.tok = p.lexer.next(true)
	left := p.prefix(t)
	for p.tok.kind == operatorToken && power < binding[p.tok.text] {
		t := p.tok
		p.tok = p.lexer.next(false)
		left = p.infix(t, left)
	}
	p.depth--
	return left
}

// prefix reads what begins with t.
func (p *parser) prefix(t token) *node {
	n := &node{pos: t.end, text: t.text}
	switch t.kind {
	case endToken:
		n.kind = endNode
	case nameToken:
		n.kind = nameNode
	case variableToken:
		n.kind = variableNode
	case stringToken:
		n.kind = stringNode
	case numberToken:
		n.kind, n.num = numberNode, t.num
	case valueToken:
		n.kind, n.val = valueNode, t.val
	case regexToken:
		n.kind, n.re = regexNode, t.re
	case operatorToken:
		return p.prefixOperator(n)
	}
	return n
}

func (p *parser) prefixOperator(n *node) *node {
	switch n.text {
	case "and", "or", "in": // names too
		n.kind = operatorNode
	case "-":
		n.kind, n.lhs = negateNode, p.expression(70)
	case "*":
		n.kind = wildcardNode
	case "**":
		n.kind = descendantNode
	case "%":
		n.kind = parentNode
	case "(":
		n.kind = blockNode
		for !p.is(")") {
			n.list = append(n.list, p.expression(0))
			if !p.is(";") {
				break
			}
			p.advance(";", false)
		}
		p.advance(")", true)
	case "[":
		n.kind = arrayNode
		if !p.is("]") {
			for {
				item := p.expression(0)
				if p.is("..") {
					item = &node{kind: binaryNode, text: "..", pos: p.tok.end, lhs: item}
					p.advance("..", false)
					item.rhs = p.expression(0)
				}
				n.list = append(n.list, item)
				if !p.is(",") {
					break
				}
				p.advance(",", false)
			}
		}
		p.advance("]", true)
	case "{":
		n.kind, n.pairs = objectNode, p.pairs()
	case "|":
		n.kind = transformNode
		n.lhs = p.expression(0)
		p.advance("|", false)
		n.rhs = p.expression(0)
		if p.is(",") {
			p.advance(",", false)
			n.third = p.expression(0)
		}
		p.advance("|", false)
	default:
		throwAt("S0211", n.pos, n.text)
	}
	return n
}

func (p *parser) pairs() [][2]*node {
	var out [][2]*node
	if !p.is("}") {
		for {
			key := p.expression(0)
			p.advance(":", false)
			out = append(out, [2]*node{key, p.expression(0)})
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	p.advance("}", true)
	return out
}

// infix reads what goes on behind left with the operator t.
func (p *parser) infix(t token, left *node) *node {
	n := &node{kind: binaryNode, text: t.text, pos: t.end, lhs: left}
	switch t.text {
	case "(":
		return p.call(n)
	case "[":
		if p.is("]") {
			step := left
			for step.kind == binaryNode && step.text == "[" {
				step = step.lhs
			}
			step.keepArray = true
			p.advance("]", false)
			return left
		}
		n.rhs = p.expression(0)
		p.advance("]", true)
	case "{":
		n.pairs = p.pairs()
	case "^":
		p.advance("(", false)
		for {
			descending := p.is(">")
			if descending {
				p.advance(">", false)
			} else if p.is("<") {
				p.advance("<", false)
			}
			n.terms = append(n.terms, term{p.expression(0), descending})
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
		p.advance(")", false)
	case ":=":
		if left.kind != variableNode {
			throwAt("S0212", left.pos, left.text)
		}
		n.rhs = p.expression(binding[":="] - 1)
	case "@", "#":
		n.rhs = p.expression(binding[t.text])
		if n.rhs.kind != variableNode {
			throwAt("S0214", n.rhs.pos, t.text)
		}
	case "?":
		n.kind = conditionNode
		n.rhs = p.expression(0)
		if p.is(":") {
			p.advance(":", false)
			n.third = p.expression(0)
		}
	default:
		n.rhs = p.expression(binding[t.text])
	}
	return n
}

// call reads the arguments of a call, or what follows the word function.
func (p *parser) call(n *node) *node {
	n.kind, n.callee, n.lhs, n.text = callNode, n.lhs, nil, "("
	if !p.is(")") {
		for {
			if p.is("?") {
				n.kind = partialNode
				n.list = append(n.list, &node{kind: operatorNode, text: "?", pos: p.tok.end})
				p.advance("?", true)
			} else {
				n.list = append(n.list, p.expression(0))
			}
			if !p.is(",") {
				break
			}
			p.advance(",", false)
		}
	}
	p.advance(")", true)
	if n.callee.kind != nameNode || n.callee.text != "function" && n.callee.text != "λ" {
		return n
	}
	n.kind = lambdaNode
	for i, param := range n.list {
		if param.kind != variableNode {
			throwAt("S0208", param.pos, param.text, "value", i+1)
		}
	}
	if p.is("<") {
		n.signature = parseSignature(p.signatureText())
	}
	p.advance("{", false)
	n.lhs = p.expression(0)
	p.advance("}", false)
	return n
}

// signatureText reads <…> in front of the body of a function.
func (p *parser) signatureText() string {
	text, depth := "<", 1
	for depth > 0 && !p.is("{") && p.tok.kind != endToken {
		p.tok = p.lexer.next(false)
		if p.is(">") {
			depth--
		} else if p.is("<") {
			depth++
		}
		if p.tok.kind != endToken {
			text += p.tok.text
		}
	}
	p.advance(">", false)
	return text
}
