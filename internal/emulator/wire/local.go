package wire

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/uuid"
)

// Local calls operations from within the process, whatever protocol they speak:
// inputs and outputs are JSON with the names of the SDK's Go types, as the aws-sdk
// integrations of Step Functions have them. The checks of inputs are those of calls
// over HTTP; who calls is what the context says.
type Local struct{ services []*service }

// NewLocal returns the calls of those services.
func NewLocal(all []Service) (*Local, error) {
	l := &Local{}
	for _, svc := range all {
		s, err := serve(svc)
		if err != nil {
			return nil, err
		}
		l.services = append(l.services, s)
	}
	return l, nil
}

// Answer is what a call gave.
type Answer struct {
	Output []byte      // JSON
	Header http.Header // as over HTTP, with the length that the answer has there
	Status int
}

// LocalError is an AWS error of a call.
type LocalError struct {
	Code, Message string
	Status        int
	Modeled       bool // the service's model has it
	Type          string
}

// Error implements error.
func (e *LocalError) Error() string { return e.Code + ": " + e.Message }

// find is the operation called name, of the service whose SDK package is called pkg.
func (l *Local) find(pkg, name string) (*service, *operation) {
	for _, s := range l.services {
		op := s.ops[name]
		if op != nil && op.serve != nil && strings.HasSuffix(op.in.PkgPath(), "/service/"+pkg) {
			return s, op
		}
	}
	return nil, nil
}

// Has reports whether an operation can be called, of the service whose SDK package
// is called pkg, such as dynamodb.
func (l *Local) Has(pkg, operation string) bool {
	s, _ := l.find(pkg, operation)
	return s != nil
}

// Output is the SDK's type of an operation's output, nil where there is no such
// operation.
func (l *Local) Output(pkg, operation string) reflect.Type {
	if _, op := l.find(pkg, operation); op != nil {
		return op.out
	}
	return nil
}

// Call calls an operation. The error is a *[LocalError] where it is AWS's.
func (l *Local) Call(ctx context.Context, pkg, operation string, params []byte) (Answer, error) {
	s, op := l.find(pkg, operation)
	if s == nil {
		return Answer{}, fmt.Errorf("the operation %s of %s is not emulated", operation, pkg)
	}
	if err := op.prepare(); err != nil {
		return Answer{}, err
	}
	in := reflect.New(op.in)
	var tree any
	d := json.NewDecoder(strings.NewReader(string(params)))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return Answer{}, fmt.Errorf("reading the parameters of %s: %w", operation, err)
	}
	p := plainForm{s}
	err := p.read(tree, in.Elem(), "")
	if err == nil {
		err = s.refuse(op, in.Elem())
	}
	if err == nil {
		err = s.constrain(op, in.Elem())
	}
	var out any
	if err == nil {
		out, err = op.guarded(ctx, in.Interface())
	}
	if err != nil {
		return Answer{}, s.localError(err)
	}
	body, err := json.Marshal(p.write(reflect.ValueOf(out)))
	if err != nil {
		return Answer{}, fmt.Errorf("writing the output of %s: %w", operation, err)
	}
	c := &call{id: uuid.NewString(), r: &http.Request{Header: http.Header{}}, svc: s, op: op, protocol: s.protocol}
	resp, err := c.reply(out)
	if err != nil {
		return Answer{}, fmt.Errorf("writing the output of %s: %w", operation, err)
	}
	a := Answer{Output: body, Status: resp.status, Header: http.Header{}}
	resp.writeHeader(a.Header, c)
	a.Header.Set("Content-Length", strconv.Itoa(len(resp.body)))
	resp.giveBack()
	return a, nil
}

// guarded serves the operation. A panic is an error, as it is over HTTP: no one else
// would be there to take it.
func (op *operation) guarded(ctx context.Context, in any) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return op.serve(ctx, in)
}

func (s *service) localError(err error) error {
	f, ok := s.faultOf(err)
	if !ok {
		return err
	}
	e := &LocalError{Code: f.code, Message: f.message, Status: f.status, Modeled: f.modeled}
	var api smithy.APIError
	if f.modeled && errors.As(err, &api) {
		e.Type = reflect.TypeOf(api).Elem().Name()
	}
	return e
}

// plainForm reads and writes values by their Go types.
type plainForm struct{ service *service }

func (p plainForm) misfit(path string, v any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf("The value %v does not fit the parameter %s", v, path), Fault: smithy.FaultClient}
}

func (p plainForm) read(v any, dst reflect.Value, path string) error {
	if v == nil {
		return nil
	}
	t := dst.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		n := reflect.New(t.Elem())
		dst.Set(n)
		return p.read(v, n.Elem(), path)
	case t == timeType:
		text, _ := v.(string)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return p.misfit(path, v)
		}
		dst.Set(reflect.ValueOf(at))
		return nil
	case t == bytesType || t.Implements(readerType) || t == readerType:
		text, ok := v.(string)
		if !ok {
			raw, err := json.Marshal(v)
			if err != nil {
				return err
			}
			text = string(raw)
		}
		if t == bytesType {
			dst.SetBytes([]byte(text))
			return nil
		}
		dst.Set(reflect.ValueOf(io.NopCloser(strings.NewReader(text))))
		return nil
	case t.Kind() == reflect.Interface:
		return p.union(v, dst, path)
	}
	switch x := v.(type) {
	case map[string]any:
		return p.object(x, dst, path)
	case []any:
		if t.Kind() != reflect.Slice {
			return p.misfit(path, v)
		}
		out := reflect.MakeSlice(t, len(x), len(x))
		for i := range x {
			if err := p.read(x[i], out.Index(i), path); err != nil {
				return err
			}
		}
		dst.Set(out)
		return nil
	case string:
		if t.Kind() != reflect.String {
			return p.misfit(path, v)
		}
		dst.SetString(x)
		return nil
	case bool:
		if t.Kind() != reflect.Bool {
			return p.misfit(path, v)
		}
		dst.SetBool(x)
		return nil
	case json.Number:
		return p.number(x, dst, path)
	}
	return p.misfit(path, v)
}

// number reads a number. One that does not fit is refused, not cut.
func (p plainForm) number(x json.Number, dst reflect.Value, path string) error {
	f, err := x.Float64()
	switch {
	case err != nil || !dst.CanInt() && !dst.CanFloat():
		return p.misfit(path, x)
	case dst.CanFloat():
		dst.SetFloat(f)
		return nil
	}
	n, err := x.Int64()
	if err != nil { // 3.0 and 1e3 are whole too
		if n = int64(f); float64(n) != f {
			return p.misfit(path, x)
		}
	}
	if dst.OverflowInt(n) {
		return p.misfit(path, x)
	}
	dst.SetInt(n)
	return nil
}

func (p plainForm) object(x map[string]any, dst reflect.Value, path string) error {
	switch dst.Kind() {
	case reflect.Map:
		out := reflect.MakeMap(dst.Type())
		for k, v := range x {
			item := reflect.New(dst.Type().Elem()).Elem()
			if err := p.read(v, item, join(path, k)); err != nil {
				return err
			}
			out.SetMapIndex(reflect.ValueOf(k).Convert(dst.Type().Key()), item)
		}
		dst.Set(out)
		return nil
	case reflect.Struct:
		for k, v := range x {
			f, ok := dst.Type().FieldByName(capital(k))
			if !ok || k == "" || k == "ResultMetadata" || !f.IsExported() {
				return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf("The field '%s' is not supported by Step Functions", join(path, k)), Fault: smithy.FaultClient}
			}
			if err := p.read(v, dst.FieldByIndex(f.Index), join(path, k)); err != nil {
				return err
			}
		}
		return nil
	}
	return p.misfit(path, x)
}

// union reads a value of which one variant is given.
func (p plainForm) union(v any, dst reflect.Value, path string) error {
	u, known := p.service.shapes.unions[dst.Type()]
	x, ok := v.(map[string]any)
	if !known || !ok || len(x) != 1 {
		return p.misfit(path, v)
	}
	for name, inner := range x {
		variant, ok := u.variants[capital(name)]
		if !ok {
			return p.misfit(path, v)
		}
		n := reflect.New(variant)
		if b := n.Elem().FieldByName("Value"); b.Type() == bytesType {
			text, _ := inner.(string)
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return p.misfit(path, v)
			}
			b.SetBytes(raw)
		} else if err := p.read(inner, b, join(path, name)); err != nil {
			return err
		}
		dst.Set(n)
	}
	return nil
}

// write is a value as JSON writes it; nil for what is not there.
func (p plainForm) write(v reflect.Value) any {
	switch {
	case !v.IsValid():
		return nil
	case v.Type() == timeType:
		return v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05.999Z07:00")
	case v.Kind() == reflect.Interface && v.Type().Implements(readerType):
		if v.IsNil() {
			return nil
		}
		raw, err := io.ReadAll(v.Interface().(io.Reader))
		if err != nil {
			return nil
		}
		return string(raw)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		for _, u := range p.service.shapes.unions {
			for name, variant := range u.variants {
				if v.Elem().Type() == variant || v.Kind() == reflect.Interface && v.Elem().Kind() == reflect.Pointer && v.Elem().Elem().Type() == variant {
					inner := reflect.Indirect(v.Elem()).FieldByName("Value")
					if b, ok := inner.Interface().([]byte); ok {
						return map[string]any{name: base64.StdEncoding.EncodeToString(b)}
					}
					return map[string]any{name: p.write(inner)}
				}
			}
		}
		return p.write(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" {
				continue
			}
			if w := p.write(v.Field(i)); w != nil && (w != "" || v.Field(i).Kind() != reflect.String) {
				out[f.Name] = w
			}
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		if b, ok := v.Interface().([]byte); ok {
			return string(b)
		}
		out := make([]any, v.Len())
		for i := range out {
			out[i] = p.write(v.Index(i))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		out := map[string]any{}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			out[k.String()] = p.write(v.MapIndex(k))
		}
		return out
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}
