package wire

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/smithy-go"
)

// refuse answers a request that sets a member which the operation does not
// implement.
func (s *service) refuse(op *operation, in reflect.Value) error {
	for _, path := range op.Refused {
		if isSet(in, strings.Split(path, ".")) {
			return s.invalid(fmt.Sprintf("%s: the emulator does not implement the member %s", op.Name, path))
		}
	}
	return nil
}

// invalid is the error by which the service says that an input is not valid.
func (s *service) invalid(message string) error {
	code := "ValidationException"
	if c, ok := validationCodes[s.Name]; ok {
		code = c
	}
	if s.Schema != nil {
		if c, ok := namespaceValidationCodes[s.Schema.ID().Namespace]; ok {
			code = c
		}
	}
	return &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}
}

// isSet reports whether v has a value at path, in any item of the lists and maps
// on the way.
func isSet(v reflect.Value, path []string) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && isSet(v.Elem(), path)
	case reflect.Slice:
		if len(path) == 0 || v.Type() == bytesType {
			return v.Len() > 0
		}
		for i := range v.Len() {
			if isSet(v.Index(i), path) {
				return true
			}
		}
		return false
	case reflect.Map:
		if len(path) == 0 {
			return v.Len() > 0
		}
		for it := v.MapRange(); it.Next(); {
			if isSet(it.Value(), path) {
				return true
			}
		}
		return false
	case reflect.Struct:
		if len(path) == 0 {
			return true
		}
		f := v.FieldByName(path[0])
		return f.IsValid() && isSet(f, path[1:])
	case reflect.String:
		return v.Len() > 0
	case reflect.Bool:
		return v.Bool()
	case reflect.Invalid:
		return false
	}
	return true
}

// hasPath reports whether values of type t can have something at path.
func hasPath(t reflect.Type, path []string) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if len(path) == 0 {
		return true
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName(path[0])
	return ok && hasPath(f.Type, path[1:])
}
