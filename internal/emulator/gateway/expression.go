package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// An expression is a text with references in it, such as $request.header.x-a or
// "${request.path.id}-${context.requestId}".
type expression []term

// term is a literal or a reference.
type term struct {
	text   string // the literal
	source source // what is referred to
	name   string
	path   *jsonpath.Path // into a body
}

// source is where the value of a reference comes from.
type source string

const (
	header      source = "header"
	query       source = "querystring"
	pathText    source = "path"  // the whole path
	pathValue   source = "path." // a variable of it
	body        source = "body"
	contextual  source = "context"
	variables   source = "stageVariables"
	methodText  source = "method"
	multiHeader source = "multivalueheader"
	multiQuery  source = "multivaluequerystring"
)

// scope is what an expression can refer to; of names that it does not have, ok is false.
type scope interface {
	lookup(t term) (value string, ok bool)
}

// eval is the text of an expression; ok is false when a reference leads nowhere.
func (x expression) eval(s scope) (text string, ok bool) {
	var b strings.Builder
	for _, t := range x {
		v := t.text
		if t.source != "" {
			if v, ok = s.lookup(t); !ok {
				return "", false
			}
		}
		b.WriteString(v)
	}
	return b.String(), true
}

// parseExpression reads an expression: a reference that begins with a dollar sign, or a
// text in which references are in braces. A side is what "request" or "response" can be.
func parseExpression(text, side string) (expression, error) {
	if strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "${") {
		t, err := parseReference(text[1:], side)
		if err != nil {
			return nil, err
		}
		return expression{t}, nil
	}
	var x expression
	for {
		before, rest, found := strings.Cut(text, "${")
		if before != "" || len(x) == 0 && !found {
			x = append(x, term{text: before})
		}
		if !found {
			return x, nil
		}
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("Invalid mapping expression specified: the reference ${%s is not closed", rest) //nolint:revive,staticcheck // AWS's text
		}
		t, err := parseReference(inner, side)
		if err != nil {
			return nil, err
		}
		x = append(x, t)
		text = after
	}
}

// parseReference reads what follows the dollar sign.
func parseReference(text, side string) (term, error) {
	invalid := fmt.Errorf("Invalid mapping expression specified: %s", text) //nolint:revive,staticcheck // AWS's text
	if rest, ok := strings.CutPrefix(text, side+"."); ok {
		return parseSide(rest, side, invalid)
	}
	for _, s := range []source{contextual, variables} {
		if name, ok := strings.CutPrefix(text, string(s)+"."); ok && name != "" {
			return term{source: s, name: name}, nil
		}
	}
	return term{}, invalid
}

func parseSide(rest, side string, invalid error) (term, error) {
	what, name, named := strings.Cut(rest, ".")
	if named && name == "" {
		return term{}, invalid
	}
	switch s := source(what); {
	case s == header && named:
		return term{source: s, name: name}, nil
	case s == body:
		if !named {
			return term{source: s}, nil
		}
		p, err := jsonpath.Parse("$." + name)
		if err != nil {
			return term{}, fmt.Errorf("%w: %w", invalid, err)
		}
		return term{source: s, path: p}, nil
	case side != "request":
	case s == query && named:
		return term{source: s, name: name}, nil
	case s == pathText && !named:
		return term{source: s}, nil
	case s == pathText:
		return term{source: pathValue, name: name}, nil
	case s == methodText && !named:
		return term{source: s}, nil
	}
	return term{}, invalid
}

// inBody is what a term refers to in a JSON body.
func (t term) inBody(raw []byte) (string, bool) {
	if t.path == nil {
		return string(raw), true
	}
	document, err := jsonvalue.Parse(raw)
	if err != nil {
		return "", false
	}
	v, err := t.path.Get(document)
	if err != nil {
		return "", false
	}
	return textOf(v), true
}

// textOf is a text as it is and anything else as JSON.
func textOf(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return string(jsonvalue.Marshal(v))
}

// A Selection chooses the route of a message: an expression such as $request.body.action
// or ${request.body.service}/${request.body.action}.
type Selection struct{ expression }

// ParseSelection reads a route selection expression of a WebSocket API.
func ParseSelection(text string) (*Selection, error) {
	x, err := parseExpression(text, "request")
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(x, func(t term) bool { return t.source == body }) {
		return nil, fmt.Errorf("%q must refer to the message, such as $request.body.action", text)
	}
	return &Selection{x}, nil
}

// CheckSelection refuses what is not a route selection expression.
func CheckSelection(text string) error {
	_, err := ParseSelection(text)
	return err
}

// CheckIdentitySource refuses what authorizers cannot look at.
func CheckIdentitySource(text string, websocket bool) error {
	_, err := parseIdentity(text, websocket)
	return err
}

// parseIdentity reads an identity source: $request.header.name and the like, of WebSocket
// APIs route.request.header.name.
func parseIdentity(text string, websocket bool) (term, error) {
	side, bare := "request", strings.TrimPrefix(text, "$")
	if websocket {
		side, bare = "route.request", text
	} else if bare == text {
		return term{}, fmt.Errorf("%s must begin with $request., $context. or $stageVariables", text)
	}
	t, err := parseReference(strings.Replace(bare, side+".", "request.", 1), "request")
	if err != nil {
		return t, err
	}
	if !slices.Contains([]source{header, query, contextual, variables}, t.source) {
		return t, fmt.Errorf("%s must be a header, a query string parameter, a context variable or a stage variable", text)
	}
	return t, nil
}
