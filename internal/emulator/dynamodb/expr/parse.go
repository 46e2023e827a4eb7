package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The kinds of expressions, by the request's member; AWS names them in messages.
const (
	ConditionExpression    = "ConditionExpression"
	FilterExpression       = "FilterExpression"
	KeyConditionExpression = "KeyConditionExpression"
	ProjectionExpression   = "ProjectionExpression"
	UpdateExpression       = "UpdateExpression"
)

const (
	maxSource    = 4096 // bytes
	maxOperators = 300
	maxPath      = 32 // steps
	maxIn        = 100
)

// Params are the placeholders of one request. Its expressions are read in turn by
// the methods; Unused then names the placeholders that none of them uses.
type Params struct {
	Names  map[string]string
	Values map[string]Value

	used map[string]bool
}

func (p *Params) use(placeholder string) {
	if p.used == nil {
		p.used = map[string]bool{}
	}
	p.used[placeholder] = true
}

// Unused is the error for placeholders that no expression has used, or nil.
func (p *Params) Unused() error {
	if err := unused(p, "ExpressionAttributeNames", p.Names); err != nil {
		return err
	}
	return unused(p, "ExpressionAttributeValues", p.Values)
}

func unused[T any](p *Params, member string, placeholders map[string]T) error {
	var names []string
	for name := range placeholders {
		if !p.used[name] {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil
	}
	slices.Sort(names)
	return errorf("Value provided in %s unused in expressions: keys: {%s}", member, strings.Join(names, ", "))
}

// parser reads one expression. Syntax errors end it at once; of all others AWS
// answers the kind that comes first in fault's order.
type parser struct {
	params    *Params
	tokens    []token
	src       string
	pos       int
	operators int
	inOrder   bool // of a key condition: its values and their types are checked as they stand
	faults    [faultKinds]error
}

// A fault is a kind of error in an expression that is well formed.
type fault int

const (
	faultParentheses fault = iota
	faultFunction
	faultReserved
	faultName
	faultValue
	faultSection
	faultOperands
	faultType
	faultDistinct
	faultPaths
	faultKinds
)

func (p *parser) fault(kind fault, format string, args ...any) {
	if p.inOrder && kind == faultType {
		kind = faultValue // whichever stands first
	}
	if p.faults[kind] == nil {
		p.faults[kind] = errorf(format, args...)
	}
}

// parse runs read over the whole of src.
func parse[T any](params *Params, kind, src string, read func(*parser) T) (result T, err error) {
	invalid := func(err error) error { return errorf("Invalid %s: %s", kind, err) }
	if strings.TrimSpace(src) == "" {
		return result, invalid(errorf("The expression can not be empty;"))
	}
	if len(src) > maxSource {
		if kind == UpdateExpression { // the only one that does not say how large it is
			return result, invalid(errorf("Expression size has exceeded the maximum allowed size;"))
		}
		return result, invalid(errorf("Expression size has exceeded the maximum allowed size; expression size: %d", len(src)))
	}
	p := &parser{params: params, tokens: lex(src), src: src, inOrder: kind == KeyConditionExpression}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case syntaxError:
			err = invalid(e)
		default:
			panic(e)
		}
	}()
	result = read(p)
	if p.peek().kind != tokenEnd {
		p.unexpected()
	}
	if p.operators > maxOperators {
		return result, invalid(errorf("The expression contains too many operators; operator count: %d", p.operators))
	}
	for _, err := range p.faults {
		if err != nil {
			return result, invalid(err)
		}
	}
	return result, nil
}

// A syntaxError ends the reading of an expression; it does not leave the package
// as a panic.
type syntaxError struct{ text string }

func (e syntaxError) Error() string { return e.text }

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

// accept consumes the next token when it is that symbol or keyword.
func (p *parser) accept(text string) bool {
	if p.peek().is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.unexpected()
	}
}

// unexpected ends the reading at the next token. AWS quotes the token with its
// neighbors as they stand in the source.
func (p *parser) unexpected() {
	t := p.peek()
	start, end := t.start, t.end
	if p.pos > 0 {
		start = p.tokens[p.pos-1].start
	}
	switch {
	case t.kind == tokenEnd && p.pos > 0:
		end = p.tokens[p.pos-1].end
	case p.pos+1 < len(p.tokens)-1:
		end = p.tokens[p.pos+1].end
	}
	panic(syntaxError{fmt.Sprintf("Syntax error; token: \"%s\", near: \"%s\"", t.text, p.src[start:end])})
}

// keywords cannot stand where an operand is expected.
var keywords = []string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}

func (t token) keyword() bool {
	return t.kind == tokenWord && slices.ContainsFunc(keywords, func(k string) bool { return strings.EqualFold(k, t.text) })
}

// path reads a document path.
func (p *parser) path() Path {
	path := Path{{Name: p.name()}}
	for {
		switch {
		case p.accept("."):
			path = append(path, Step{Name: p.name()})
		case p.accept("["):
			t := p.peek()
			if t.kind != tokenIndex {
				p.unexpected()
			}
			p.pos++
			i, err := strconv.ParseInt(t.text, 10, 32)
			if err != nil {
				p.fault(faultPaths, "List index is not within the allowable range; index: [%s]", t.text)
			}
			p.expect("]")
			path = append(path, Step{Index: int(i)})
		default:
			if len(path) > maxPath {
				p.fault(faultPaths, "The document path has too many nesting elements; nesting levels: %d", len(path))
			}
			return path
		}
	}
}

func (p *parser) name() string {
	t := p.peek()
	switch {
	case t.kind == tokenName:
		p.pos++
		p.params.use(t.text)
		name, ok := p.params.Names[t.text]
		if !ok {
			p.fault(faultName, "An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
		}
		return name
	case t.kind == tokenWord && !t.keyword():
		p.pos++
		if Reserved(t.text) {
			p.fault(faultReserved, "Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		return t.text
	}
	p.unexpected()
	return ""
}

func (p *parser) value() Value {
	t := p.next()
	p.params.use(t.text)
	v, ok := p.params.Values[t.text]
	if !ok {
		p.fault(faultValue, "An expression attribute value used in expression is not defined; attribute value: %s", t.text)
	}
	return v
}

// Projection reads a ProjectionExpression.
func (p *Params) Projection(src string) (Projection, error) {
	paths, err := parse(p, ProjectionExpression, src, func(p *parser) []Path {
		paths := []Path{p.path()}
		for p.accept(",") {
			paths = append(paths, p.path())
		}
		if err := disjoint(paths); err != nil {
			p.fault(faultPaths, "%s", err)
		}
		return paths
	})
	if err != nil {
		return Projection{}, err
	}
	return Project(paths...), nil
}
