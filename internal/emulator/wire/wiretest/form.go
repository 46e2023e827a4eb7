package wiretest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// form writes an input as an awsQuery client does.
func form(out url.Values, key string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			form(out, key, v.Elem())
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			out.Set(key, at.UTC().Format(time.RFC3339))
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				form(out, dot(key, f.Name), v.Field(i))
			}
		}
	case reflect.Slice:
		if b, ok := v.Interface().([]byte); ok {
			if b != nil {
				out.Set(key, base64.StdEncoding.EncodeToString(b))
			}
			return
		}
		for i := range v.Len() {
			form(out, fmt.Sprintf("%s.member.%d", key, i+1), v.Index(i))
		}
	case reflect.Map:
		for i, k := range v.MapKeys() {
			out.Set(fmt.Sprintf("%s.entry.%d.key", key, i+1), k.String())
			form(out, fmt.Sprintf("%s.entry.%d.value", key, i+1), v.MapIndex(k))
		}
	case reflect.String:
		if v.Len() > 0 {
			out.Set(key, v.String())
		}
	default:
		if !v.IsZero() {
			out.Set(key, fmt.Sprint(v.Interface()))
		}
	}
}

// capitals gives each part of each name a capital: the Go types do not show which
// few members begin small.
func capitals(v url.Values) url.Values {
	out := url.Values{}
	for k, values := range v {
		parts := strings.Split(k, ".")
		for i, p := range parts {
			if p != "" {
				parts[i] = strings.ToUpper(p[:1]) + p[1:]
			}
			if i >= 2 && parts[i] == "Name" && parts[i-2] == "Entry" {
				parts[i] = "Key" // of SNS's message attributes
			}
		}
		out[strings.Join(parts, ".")] = values
	}
	return out
}

func dot(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
