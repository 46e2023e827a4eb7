package wire

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// A fault is an error on its way to the client.
type fault struct {
	code    string
	message string
	status  int
	server  bool // not the client's fault

	detail []Detail    // of an [Error]
	header http.Header // of an [Error]

	modeled bool // the service's model has it
	query   string
	value   reflect.Value // of a modeled error: the struct
	shape   *shape
}

// internal is what a client learns of an error that is not AWS's.
var internal = fault{
	code:    "InternalFailure",
	message: "The request processing has failed because of an unknown error, exception or failure.",
	status:  http.StatusInternalServerError,
	server:  true,
}

// unserved answers a call that nothing in the emulator serves.
func unserved(what string) *refusal {
	return &refusal{code: unknownOperation, message: what + " is not emulated", status: http.StatusNotImplemented}
}

// A refusal is an error of this package with a status of its own.
type refusal struct {
	code, message string
	status        int
}

func (e *refusal) Error() string                 { return e.code + ": " + e.message }
func (e *refusal) ErrorCode() string             { return e.code }
func (e *refusal) ErrorMessage() string          { return e.message }
func (e *refusal) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// faultOf describes err to a client of the service; ok is false when err is not
// one of AWS's errors.
func (s *service) faultOf(err error) (f fault, ok bool) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return internal, false
	}
	f = fault{code: api.ErrorCode(), message: api.ErrorMessage(), status: http.StatusBadRequest}
	if api.ErrorFault() == smithy.FaultServer {
		f.status, f.server = http.StatusInternalServerError, true
	}
	if own, ok := api.(*refusal); ok && own.status != 0 {
		f.status = own.status
		return f, true
	}
	if own, ok := api.(*Error); ok {
		f.status, f.detail, f.header = own.Status, own.Detail, own.Header
		return f, true
	}
	v := reflect.ValueOf(api)
	if _, generic := api.(*smithy.GenericAPIError); generic || v.Kind() != reflect.Pointer || s == nil {
		if st, ok := statuses[f.code]; ok && s != nil && !s.rpc() {
			f.status = st
		}
		return f, true
	}
	f.modeled, f.value = true, v.Elem()
	schema := schemaOf(f.value.Type())
	if schema == nil {
		if st := s.model().Errors[f.code]; st != 0 {
			f.status = st
		}
		if s.Target != "" {
			if f.shape, err = s.shapes.of(nil, f.value.Type()); err != nil {
				return internal, false
			}
		}
		return f, true
	}
	if t, ok := smithy.SchemaTrait[*traits.HTTPError](schema); ok {
		f.status = t.Code
	}
	if t, ok := smithy.SchemaTrait[*traits.AWSQueryError](schema); ok && s.queryCompatible {
		f.query = t.ErrorCode
	}
	f.shape, err = s.shapes.of(schema, f.value.Type())
	if err != nil {
		return internal, false
	}
	return f, true
}

// sender is the word for whose fault it is.
func (f fault) sender() string {
	if f.server {
		return "Receiver"
	}
	return "Sender"
}

// write writes the error's members, or its message alone.
func (f fault) write(w writer, typ string) {
	w.object()
	if typ != "" {
		w.key("__type")
		w.text(typ)
	}
	told := false
	if f.shape != nil {
		w.members(f.value, f.shape)
		told = f.shape.byName["message"] != nil || f.shape.byName["Message"] != nil
	}
	if !told && f.message != "" {
		w.key("message")
		w.text(f.message)
	}
	w.endObject()
}
