package gateway

import (
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Mapping changes a request on its way to the integration, or a response on its way
// to the client, or gives the parameters of a service's operation.
type Mapping []change

// change is one change: what it does, to what, and the value.
type change struct {
	action string // append, overwrite or remove; "" for a parameter of an operation
	target source
	name   string
	value  expression
}

// statusCode is the target of responses that has no name.
const statusCode source = "statuscode"

// reserved are headers that a mapping cannot change.
var reserved = []string{
	"authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded", "keep-alive",
	"origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding", "upgrade",
	"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via",
}

var reservedPrefixes = []string{"access-control-", "apigw-", "x-amz-", "x-amzn-"}

// ParseRequest reads the request parameters of an HTTP API's integration, such as
// "append:header.x-a": "$request.path.id".
func ParseRequest(parameters map[string]string) (Mapping, error) {
	return parseMapping(parameters, "request", header, query, pathText)
}

// ParseResponses reads the response parameters of an HTTP API's integration, by status.
func ParseResponses(parameters map[string]map[string]string) (map[string]Mapping, error) {
	out := map[string]Mapping{}
	for status, mapping := range parameters {
		if n, err := strconv.Atoi(status); err != nil || n < 200 || n > 599 {
			return nil, fmt.Errorf("Invalid status code specified for response parameters: %s", status) //nolint:revive,staticcheck // AWS's text
		}
		m, err := parseMapping(mapping, "response", header, statusCode)
		if err != nil {
			return nil, err
		}
		out[status] = m
	}
	return out, nil
}

// parseMapping reads a mapping that may change the targets.
func parseMapping(parameters map[string]string, side string, targets ...source) (Mapping, error) {
	var m Mapping
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		invalid := fmt.Errorf("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", key) //nolint:revive,staticcheck // AWS's text
		action, place, ok := strings.Cut(key, ":")
		if !ok || !slices.Contains([]string{"append", "overwrite", "remove"}, action) {
			return nil, invalid
		}
		what, name, named := strings.Cut(place, ".")
		c := change{action: action, target: source(what), name: name}
		whole := c.target == pathText || c.target == statusCode
		switch {
		case !slices.Contains(targets, c.target), whole && (named || action != "overwrite"), !whole && name == "":
			return nil, invalid
		case c.target == header && isReserved(name):
			return nil, fmt.Errorf("Operations on header %s are restricted", name) //nolint:revive,staticcheck // AWS's text
		}
		if action != "remove" {
			x, err := parseExpression(parameters[key], side)
			if err != nil {
				return nil, err
			}
			c.value = x
		}
		m = append(m, c)
	}
	// What is removed goes before what is added under the same name.
	slices.SortStableFunc(m, func(a, b change) int { return strings.Compare(b.action, a.action) })
	return m, nil
}

func isReserved(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(reserved, name) || slices.ContainsFunc(reservedPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// webSocketTarget is where request parameters of WebSocket APIs go.
var webSocketTarget = regexp.MustCompile(`^integration\.request\.(header|querystring|path)\.(.+)$`)

// ParseWebSocketRequest reads the request parameters of a WebSocket API's integration,
// such as "integration.request.header.x-a": "route.request.querystring.a" or "'text'".
func ParseWebSocketRequest(parameters map[string]string) (Mapping, error) {
	var m Mapping
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		invalid := fmt.Errorf("Invalid mapping expression specified: %s", key) //nolint:revive,staticcheck // AWS's text
		place := webSocketTarget.FindStringSubmatch(key)
		if place == nil {
			return nil, invalid
		}
		c := change{action: "overwrite", target: source(place[1]), name: place[2]}
		if c.target == pathText {
			c.target = pathValue
		}
		text := parameters[key]
		if quoted, ok := strings.CutPrefix(text, "'"); ok && strings.HasSuffix(quoted, "'") {
			c.value = expression{{text: strings.TrimSuffix(quoted, "'")}}
			m = append(m, c)
			continue
		}
		t, err := parseRouteReference(text)
		if err != nil {
			return nil, err
		}
		c.value = expression{t}
		m = append(m, c)
	}
	return m, nil
}

// parseRouteReference reads what a request parameter of a WebSocket API is made of.
func parseRouteReference(text string) (term, error) {
	for _, s := range []source{multiHeader, multiQuery} {
		if name, ok := strings.CutPrefix(text, "route.request."+string(s)+"."); ok && name != "" {
			return term{source: s, name: name}, nil
		}
	}
	return parseReference(strings.Replace(text, "route.request.", "request.", 1), "request")
}

// apply changes headers, the query and the path or the status of what goes out. A value
// that leads nowhere changes nothing.
func (m Mapping) apply(s scope, h http.Header, q url.Values, whole *string) {
	for _, c := range m {
		value, ok := c.value.eval(s)
		if !ok && c.action != "remove" {
			continue
		}
		switch c.target {
		case header:
			changeValues(h, textproto.CanonicalMIMEHeaderKey(c.name), c.action, clean(value))
		case query:
			changeValues(q, c.name, c.action, value)
		case pathText, statusCode:
			*whole = value
		}
	}
}

// clean is a header's value without line breaks, which would begin another header.
func clean(value string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
}

func changeValues(values map[string][]string, name, action, value string) {
	switch action {
	case "append":
		values[name] = append(slices.Clone(values[name]), value)
	case "overwrite":
		values[name] = []string{value}
	case "remove":
		delete(values, name)
	}
}
