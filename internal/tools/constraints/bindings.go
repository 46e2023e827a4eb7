package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// bound is the part of a rest-xml model that says where each member is on the
// wire; the SDK has no schemas of such services yet.
type bound struct {
	Operations map[string]struct {
		HTTP struct {
			Method       string
			RequestURI   string `json:"requestUri"`
			ResponseCode int    `json:"responseCode"`
		}
		Input, Output struct{ Shape string }
	}
	Shapes map[string]boundShape
}

type boundShape struct {
	Type            string
	Required        []string
	Payload         string
	Members         map[string]boundRef
	Member          boundRef
	Flattened       bool
	TimestampFormat string
	XMLNamespace    struct{ Prefix, URI string } `json:"xmlNamespace"`
}

type boundRef struct {
	Shape           string
	Location        string
	LocationName    string
	Streaming       bool
	Flattened       bool
	XMLAttribute    bool `json:"xmlAttribute"`
	TimestampFormat string
}

// binding and its parts are what package wire reads.
type binding struct {
	Method string `json:"method"`
	URI    string `json:"uri"`
	Status int    `json:"status,omitempty"`
	Input  string `json:"input,omitempty"`
	Output string `json:"output,omitempty"`
}

type bindingShape struct {
	Payload string                   `json:"payload,omitempty"`
	Members map[string]bindingMember `json:"members,omitempty"`
	Item    string                   `json:"item,omitempty"` // the shape of a list's items
	As      string                   `json:"as,omitempty"`   // the items' element
	Flat    bool                     `json:"flat,omitempty"`
}

type bindingMember struct {
	Shape    string `json:"shape"`
	In       string `json:"in,omitempty"`
	As       string `json:"as,omitempty"`
	Time     string `json:"time,omitempty"`
	Required bool   `json:"required,omitempty"` // of members outside the body
	Stream   bool   `json:"stream,omitempty"`
}

// bind writes the wire form of a rest-xml service's operations.
func bind(from, to string) error {
	raw, err := read(from)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	var src bound
	if err := json.Unmarshal(raw, &src); err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	operations, shapes := map[string]binding{}, map[string]bindingShape{}
	for name, op := range src.Operations {
		b := binding{op.HTTP.Method, op.HTTP.RequestURI, op.HTTP.ResponseCode, op.Input.Shape, op.Output.Shape}
		if b.Status == 200 {
			b.Status = 0
		}
		operations[name] = b
		src.keep(b.Input, shapes)
		src.keep(b.Output, shapes)
	}
	var out bytes.Buffer
	out.WriteString("{\n")
	write(&out, "operations", operations)
	out.WriteString(",\n")
	write(&out, "shapes", shapes)
	out.WriteString("\n}\n")
	return os.WriteFile(to, out.Bytes(), 0o644) //nolint:gosec // the caller names the files
}

func (src *bound) keep(name string, shapes map[string]bindingShape) {
	s, ok := src.Shapes[name]
	if _, done := shapes[name]; done || !ok || s.Type != "structure" && s.Type != "list" {
		return
	}
	out := bindingShape{Payload: s.Payload, Flat: s.Flattened, Item: s.Member.Shape, As: s.Member.LocationName}
	required := map[string]bool{}
	for _, m := range s.Required {
		required[m] = true
	}
	for name, m := range s.Members {
		b := bindingMember{Shape: m.Shape, In: m.Location, As: m.LocationName, Stream: m.Streaming, Time: m.TimestampFormat}
		if m.XMLAttribute {
			b.In = "attribute"
		}
		if b.As == name {
			b.As = ""
		}
		if b.Time == "" {
			b.Time = src.Shapes[m.Shape].TimestampFormat
		}
		b.Required = required[name] && (strings.HasPrefix(b.In, "header") || b.In == "querystring")
		if out.Members == nil {
			out.Members = map[string]bindingMember{}
		}
		out.Members[name] = b
	}
	shapes[name] = out
	src.keep(s.Member.Shape, shapes)
	for _, m := range s.Members {
		src.keep(m.Shape, shapes)
	}
}
