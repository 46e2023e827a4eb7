package gateway

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// call carries out the operation that serves the route and answers as its service does.
func (g *Gateway) call(ctx context.Context, q *request) {
	i := q.route.Integration
	params, err := i.Service.input(i.Request, q)
	if err != nil {
		q.refuse(http.StatusBadRequest, "Bad Request", err)
		return
	}
	output, err := g.perform(ctx, q.api, i, params, sessionName(q.id))
	q.took = g.clock.Now().Sub(q.called)
	var answered *CallError
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		q.refuse(http.StatusServiceUnavailable, "Service Unavailable", fmt.Errorf("the service took longer than %s", i.Timeout))
		return
	case errors.As(err, &answered):
		q.gave = answered.Status
		q.integral = answered.Error()
		q.answer(i, answered.Status, i.Service.fault(answered, q.id))
		return
	case err != nil:
		q.refuse(http.StatusInternalServerError, "Internal Server Error", err)
		return
	}
	q.gave = http.StatusOK
	q.answer(i, http.StatusOK, i.Service.output(output, q.id))
}

// perform carries out an integration's operation with its role.
func (g *Gateway) perform(ctx context.Context, a *API, i *Integration, params *jsonvalue.Object, session string) (*jsonvalue.Object, error) {
	ctx, err := g.as(ctx, a, i.Role, "", session)
	if err != nil {
		return nil, err
	}
	resource := i.Service.resourceARN(a, params)
	who := env.SessionARN(i.Role, session)
	ok, err := g.links.Identities.Allows(ctx, who, i.Service.Action, resource)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &CallError{Code: "AccessDeniedException", Status: http.StatusForbidden, Message: fmt.Sprintf(
			"User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action", who, i.Service.Action, resource, i.Service.Action)}
	}
	raw, err := g.links.Calls.Call(ctx, i.Service.Package, i.Service.Operation, jsonvalue.Marshal(params))
	if err != nil {
		return nil, err
	}
	v, err := jsonvalue.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the service's answer: %w", err)
	}
	output, ok := v.(*jsonvalue.Object)
	if !ok {
		return nil, errors.New("the service's answer is no object")
	}
	return output, nil
}

// answer sends what a service says, and applies the response's mapping.
func (q *request) answer(i *Integration, status int, body []byte) {
	h := http.Header{"Content-Type": {"application/json"}}
	if i.Service.XML {
		h["Content-Type"] = []string{"text/xml"}
	}
	whole := ""
	i.Response[strconv.Itoa(status)].apply(given{q, h, body}, h, nil, &whole)
	if n, err := strconv.Atoi(whole); err == nil && n >= 200 && n <= 599 {
		status = n
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	for name, values := range h {
		q.Header()[name] = values
	}
	q.WriteHeader(status)
	_, _ = q.Write(body) // a client that has left is no error of ours
}

// input is what the parameters of a request make: the operation's input.
func (s *Service) input(m Mapping, from scope) (*jsonvalue.Object, error) {
	in := jsonvalue.NewObject(len(m))
	for _, c := range m {
		text, ok := c.value.eval(from)
		if !ok {
			continue
		}
		v, err := s.parameters[c.name].read(text)
		if err != nil {
			return nil, fmt.Errorf("the parameter %s: %w", c.name, err)
		}
		if v != nil {
			in.Set(c.name, v)
		}
	}
	for _, name := range s.required {
		if v := in.Get(name); v == nil || v == "" {
			return nil, fmt.Errorf("the required parameter %s leads nowhere in this request, or to an empty text", name)
		}
	}
	if s.member == "" {
		return in, nil
	}
	return jsonvalue.ObjectOf(s.member, []any{in}), nil
}

// read is a parameter's text as JSON; nil for what is no member of the input.
func (k kind) read(text string) (any, error) {
	switch k {
	case setting:
		return nil, nil //nolint:nilnil // no member
	case number:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number", text)
		}
		return float64(n), nil
	case raw:
		return jsonvalue.Parse([]byte(text))
	case list:
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			return jsonvalue.Parse([]byte(text))
		}
		var items []any
		for part := range strings.SplitSeq(text, ",") {
			items = append(items, strings.TrimSpace(part))
		}
		return items, nil
	}
	return text, nil
}

// resourceARN is what the operation is carried out on, for policies.
func (s *Service) resourceARN(a *API, in *jsonvalue.Object) string {
	if s.member != "" {
		if entries, ok := in.Get(s.member).([]any); ok && len(entries) > 0 {
			in, _ = entries[0].(*jsonvalue.Object)
		}
	}
	text := func(names ...string) string {
		for _, name := range names {
			if v, ok := in.Get(name).(string); ok {
				return v
			}
		}
		return ""
	}
	switch s.Package {
	case "sqs":
		parts := strings.Split(text("QueueUrl"), "/")
		return a.Scope.ARN("sqs", parts[len(parts)-1])
	case "eventbridge":
		bus := text("EventBusName")
		if strings.HasPrefix(bus, "arn:") {
			return bus
		}
		if bus == "" {
			bus = "default"
		}
		return a.Scope.ARN("events", "event-bus/"+bus)
	case "dynamodb":
		table := text("TableName")
		if strings.HasPrefix(table, "arn:") {
			return table
		}
		return a.Scope.ARN("dynamodb", "table/"+table)
	}
	return text("StateMachineArn", "stateMachineArn", "ExecutionArn", "executionArn")
}

// output is an output as the service itself writes it.
func (s *Service) output(o *jsonvalue.Object, requestID string) []byte {
	if s.XML {
		result := element{Name: s.Operation + "Result", Of: elements(o)}
		return document(element{Name: s.Operation + "Response", Of: []element{
			result, {Name: "ResponseMetadata", Of: []element{{Name: "RequestId", Text: requestID}}},
		}})
	}
	if s.Small {
		o = small(o)
	}
	return jsonvalue.Marshal(o)
}

// fault is an error as the service itself writes it.
func (s *Service) fault(e *CallError, requestID string) []byte {
	if s.XML {
		return document(element{Name: "ErrorResponse", Of: []element{
			{Name: "Error", Of: []element{{Name: "Type", Text: "Sender"}, {Name: "Code", Text: e.Code}, {Name: "Message", Text: e.Message}, {Name: "Detail"}}},
			{Name: "RequestId", Text: requestID},
		}})
	}
	body, err := json.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
	if err != nil {
		return nil // two texts can always be written
	}
	return body
}

// small is an object whose names begin small and whose times are numbers of seconds.
func small(o *jsonvalue.Object) *jsonvalue.Object {
	out := jsonvalue.NewObject(o.Len())
	for name, v := range o.All() {
		switch x := v.(type) {
		case *jsonvalue.Object:
			v = small(x)
		case string:
			if at, err := time.Parse(time.RFC3339Nano, x); err == nil && strings.HasSuffix(name, "Date") {
				v = float64(at.UnixMilli()) / 1000
			}
		}
		out.Set(strings.ToLower(name[:1])+name[1:], v)
	}
	return out
}

// element is an element of XML.
type element struct {
	Name string
	Text string
	Of   []element
}

// MarshalXML implements [xml.Marshaler].
func (e element) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	start.Name.Local = e.Name
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	if e.Text != "" {
		if err := enc.EncodeToken(xml.CharData(e.Text)); err != nil {
			return err
		}
	}
	for _, inner := range e.Of {
		if err := enc.Encode(inner); err != nil {
			return err
		}
	}
	return enc.EncodeToken(start.End())
}

const queueNamespace = "http://queue.amazonaws.com/doc/2012-11-05/"

func document(e element) []byte {
	body, err := xml.Marshal(e)
	if err != nil {
		return nil // texts can always be written
	}
	head := "<" + e.Name
	return []byte(`<?xml version="1.0"?>` + strings.Replace(string(body), head, head+` xmlns="`+queueNamespace+`"`, 1))
}

// elements are the members of an object as SQS writes them in XML: lists flat, by the
// name of one, and maps as Name and Value.
func elements(o *jsonvalue.Object) []element {
	var out []element
	for name, v := range o.All() {
		switch x := v.(type) {
		case []any:
			for _, item := range x {
				if inner, ok := item.(*jsonvalue.Object); ok {
					out = append(out, element{Name: strings.TrimSuffix(name, "s"), Of: elements(inner)})
				}
			}
		case *jsonvalue.Object:
			for key, value := range x.All() {
				e := element{Name: strings.TrimSuffix(name, "s"), Of: []element{{Name: "Name", Text: key}}}
				if inner, ok := value.(*jsonvalue.Object); ok {
					e.Of = append(e.Of, element{Name: "Value", Of: elements(inner)})
				} else {
					e.Of = append(e.Of, element{Name: "Value", Text: textOf(value)})
				}
				out = append(out, e)
			}
		default:
			out = append(out, element{Name: name, Text: textOf(v)})
		}
	}
	return out
}
