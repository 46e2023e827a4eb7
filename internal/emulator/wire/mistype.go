package wire

import (
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// unserializable is AWS's answer to a body that does not fit the operation.
func unserializable(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "SerializationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// mistyped words the refusal of v where s is expected. AWS has two frameworks with
// texts of their own: DynamoDB and newer services speak as the first below, API
// Gateway and Lambda as the second.
func (r reader) mistyped(v any, s *shape) error {
	if r.earlier {
		return earlierMistype(v, s)
	}
	switch v := v.(type) {
	case []any:
		if s.kind == smithy.ShapeTypeMap {
			return unserializable("Unrecognized collection type %s", r.java(s))
		}
		return unserializable("Unrecognized collection type class %s", r.java(s))
	case *object:
		return unserializable("Start of structure or map found where not expected")
	default:
		switch s.kind {
		case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion, smithy.ShapeTypeList, smithy.ShapeTypeSet, smithy.ShapeTypeMap:
			return unserializable("Unexpected field type")
		case smithy.ShapeTypeBlob:
			return unserializable("only base-64-encoded strings are convertible to bytes")
		}
		if _, text := v.(string); text && s.kind == smithy.ShapeTypeBoolean {
			return unserializable("Unexpected token received from parser")
		}
		return unserializable("%s cannot be converted to %s", token(v), simple(r.java(s)))
	}
}

// mistypedItem is mistyped for an item of a list or a map.
func (r reader) mistypedItem(v any, s *shape) error {
	if _, list := v.([]any); list || r.earlier {
		return r.mistyped(v, s)
	}
	return unserializable("Unexpected value type in payload")
}

// fits reports whether v may be an item of shape s, as far as structures go.
func fits(v any, s *shape) bool {
	if s.kind != smithy.ShapeTypeStructure && s.kind != smithy.ShapeTypeUnion {
		return true
	}
	_, ok := v.(*object)
	return ok || v == nil
}

// token is the parser's name of a scalar.
func token(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "TRUE_VALUE"
		}
		return "FALSE_VALUE"
	case number:
		if strings.ContainsAny(string(v), ".eE") {
			return "DECIMAL_VALUE"
		}
		return "NUMBER_VALUE"
	}
	return "STRING_VALUE"
}

func earlierMistype(v any, s *shape) error {
	switch v := v.(type) {
	case []any:
		return unserializable("Start of list found where not expected")
	case *object:
		return unserializable("Start of structure or map found where not expected.")
	case string:
		if s.kind == smithy.ShapeTypeBoolean {
			return unserializable("'%s' can not be converted to an Boolean", strings.ToUpper(v))
		}
	}
	switch s.kind {
	case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
		return unserializable("Expected null")
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		return unserializable("Expected list or null")
	case smithy.ShapeTypeMap:
		return unserializable("Expected map or null")
	}
	class := "java.lang.String"
	switch v.(type) {
	case bool:
		class = "java.lang.Boolean"
	case number:
		class = "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
	}
	if s.kind == smithy.ShapeTypeBlob {
		return unserializable("class %s can not be converted to a Blob", class)
	}
	return unserializable("class %s can not be converted to an %s", class, simple(reader{}.java(s)))
}

// notBase64 refuses a text for a blob.
func (r reader) notBase64(text, why string) error {
	if r.earlier {
		return unserializable("'%s' can not be converted to a Blob: %s", text, why)
	}
	return unserializable("%s", why)
}

// java is the Java class that AWS names in its errors.
func (r reader) java(s *shape) string {
	switch s.kind {
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		return "java.lang.String"
	case smithy.ShapeTypeBoolean:
		return "java.lang.Boolean"
	case smithy.ShapeTypeByte:
		return "java.lang.Byte"
	case smithy.ShapeTypeShort:
		return "java.lang.Short"
	case smithy.ShapeTypeInteger, smithy.ShapeTypeIntEnum:
		return "java.lang.Integer"
	case smithy.ShapeTypeLong:
		return "java.lang.Long"
	case smithy.ShapeTypeFloat:
		return "java.lang.Float"
	case smithy.ShapeTypeDouble:
		return "java.lang.Double"
	case smithy.ShapeTypeBlob:
		return "java.nio.ByteBuffer"
	case smithy.ShapeTypeTimestamp:
		return "java.util.Date"
	case smithy.ShapeTypeMap:
		return "java.util.Map<java.lang.String, " + r.java(s.elem) + ">"
	}
	return r.naming + s.name
}

// simple is the last part of a Java class's name.
func simple(java string) string { return java[strings.LastIndexByte(java, '.')+1:] }
