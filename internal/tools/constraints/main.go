// Command constraints writes the facts of AWS's published service models that the
// emulator checks requests against: for each input member whether it is required,
// its bounds, its pattern, its values; and, of services of the protocol rest-xml,
// where each member is on the wire. It copies no documentation, and must not know
// what a service does.
//
// The models are the service-2.json files of the Python package botocore, which
// `make constraints` installs; a new service is one more line in the list below.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
)

// services are botocore's folders and the names that their files get: the last
// part of the namespace of the SDK's schemas.
var services = []struct{ folder, name string }{
	{"apigateway/2015-07-09", "apigateway"},
	{"apigatewayv2/2018-11-29", "apigatewayv2"},
	{"application-autoscaling/2016-02-06", "applicationautoscaling"},
	{"dynamodb/2012-08-10", "dynamodb"},
	{"dynamodbstreams/2012-08-10", "dynamodbstreams"},
	{"events/2015-10-07", "eventbridge"},
	{"iam/2010-05-08", "iam"},
	{"lambda/2015-03-31", "lambda"},
	{"logs/2014-03-28", "cloudwatchlogs"},
	{"secretsmanager/2017-10-17", "secretsmanager"},
	{"sns/2010-03-31", "sns"},
	{"sqs/2012-11-05", "sqs"},
	{"ssm/2014-11-06", "ssm"},
	{"stepfunctions/2016-11-23", "states"},
	{"sts/2011-06-15", "sts"},
}

// bindings are the services of the protocol rest-xml, by folder and name.
var bindings = []struct{ folder, name string }{
	{"s3/2006-03-01", "s3"},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: constraints BOTOCORE_DATA OUT_CONSTRAINTS OUT_BINDINGS")
	}
	for _, s := range bindings {
		if err := bind(filepath.Join(os.Args[1], s.folder, "service-2.json"), filepath.Join(os.Args[3], s.name+".json")); err != nil {
			log.Fatal(err)
		}
	}
	for _, s := range services {
		if err := convert(filepath.Join(os.Args[1], s.folder, "service-2.json"), filepath.Join(os.Args[2], s.name+".json")); err != nil {
			log.Fatal(err)
		}
	}
}

// source is the part of a service-2.json that counts.
type source struct {
	Metadata   struct{ Protocol string }
	Operations map[string]struct{ Input struct{ Shape string } }
	Shapes     map[string]struct {
		Type      string
		Required  []string
		Members   ordered
		Member    ref
		Key       ref
		Value     ref
		Min       json.Number
		Max       json.Number
		Pattern   string
		Enum      []string
		Sensitive bool
		Error     struct {
			Code           string
			HTTPStatusCode int
		}
	}
}

type ref struct{ Shape string }

// ordered is an object whose members keep their order.
type ordered []namedRef

type namedRef struct {
	name string
	ref
}

func (o *ordered) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		m := namedRef{name: key.(string)} // a key of an object is a string
		if err := d.Decode(&m.ref); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// shape is what is kept of a shape; the package wire reads it.
type shape struct {
	Min       json.Number `json:"min,omitempty"`
	Max       json.Number `json:"max,omitempty"`
	Pattern   string      `json:"pattern,omitempty"`
	Enum      []string    `json:"enum,omitempty"`
	Sensitive bool        `json:"sensitive,omitempty"`
	Key       string      `json:"key,omitempty"`
	Item      string      `json:"item,omitempty"`
	Members   []member    `json:"members,omitempty"`
}

type member struct {
	Name     string `json:"name"`
	Shape    string `json:"shape,omitempty"`
	Required bool   `json:"required,omitempty"`
}

func convert(from, to string) error {
	raw, err := read(from)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	var src source
	if err := json.Unmarshal(raw, &src); err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	operations, shapes, errs := map[string]string{}, map[string]shape{}, map[string]int{}
	for name, op := range src.Operations {
		if op.Input.Shape != "" {
			operations[name] = op.Input.Shape
			src.keep(op.Input.Shape, shapes)
		}
	}
	for _, s := range src.Shapes {
		if src.Metadata.Protocol == "query" && s.Error.Code != "" {
			errs[s.Error.Code] = s.Error.HTTPStatusCode
		}
	}
	var out bytes.Buffer
	out.WriteString("{\n")
	write(&out, "operations", operations)
	out.WriteString(",\n")
	write(&out, "errors", errs)
	out.WriteString(",\n")
	write(&out, "shapes", shapes)
	out.WriteString("\n}\n")
	return os.WriteFile(to, out.Bytes(), 0o644) //nolint:gosec // the caller names the files
}

// read reads a file that newer releases compress.
func read(path string) ([]byte, error) {
	f, err := os.Open(path + ".gz") //nolint:gosec // the caller names the files
	if os.IsNotExist(err) {
		return os.ReadFile(path) //nolint:gosec // the caller names the files
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// keep takes a shape and those that it leads to.
func (src *source) keep(name string, shapes map[string]shape) {
	if _, ok := shapes[name]; ok || name == "" {
		return
	}
	s := src.Shapes[name]
	out := shape{
		Min: s.Min, Max: s.Max, Pattern: s.Pattern, Enum: s.Enum, Sensitive: s.Sensitive,
		Key: s.Key.Shape, Item: s.Member.Shape + s.Value.Shape,
	}
	for _, m := range s.Members {
		out.Members = append(out.Members, member{m.name, m.Shape, slices.Contains(s.Required, m.name)})
	}
	shapes[name] = out
	src.keep(out.Key, shapes)
	src.keep(out.Item, shapes)
	for _, m := range s.Members {
		src.keep(m.Shape, shapes)
	}
}

// write writes an object with one member a line, sorted.
func write[T any](b *bytes.Buffer, name string, m map[string]T) {
	fmt.Fprintf(b, "%q: {", name)
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%q: ", k)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		if err := e.Encode(m[k]); err != nil {
			panic(err) // values of our own types
		}
		b.Truncate(b.Len() - 1) // the encoder's newline
	}
	b.WriteString("\n}")
}
