package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// itemJSON is an item as exports have it: {"pk":{"S":"a"}}.
func itemJSON(item expr.Item) ([]byte, error) { return json.Marshal(tree(item)) }

func tree(m expr.Map) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		out[name] = map[string]any{v.Type(): leaf(v)}
	}
	return out
}

// leaf is what stands behind a value's type.
func leaf(v expr.Value) any {
	texts := func(n int, text func(i int) string) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = text(i)
		}
		return list
	}
	switch v := v.(type) {
	case expr.Number:
		return v.String()
	case expr.Binary:
		return base64.StdEncoding.EncodeToString([]byte(v))
	case expr.Null:
		return true
	case expr.List:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = map[string]any{e.Type(): leaf(e)}
		}
		return list
	case expr.Map:
		return tree(v)
	case expr.NumberSet:
		return texts(len(v), func(i int) string { return v[i].String() })
	case expr.BinarySet:
		return texts(len(v), func(i int) string { return base64.StdEncoding.EncodeToString([]byte(v[i])) })
	}
	return v // a text, a boolean, a set of texts
}

// parseItem reads the JSON of an item.
func parseItem(b []byte) (expr.Item, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	return parseMap(raw, 0)
}

func parseMap(raw map[string]json.RawMessage, depth int) (expr.Map, error) {
	m := make(expr.Map, len(raw))
	for name, b := range raw {
		v, err := parseValue(b, depth)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m[name] = v
	}
	return m, nil
}

func parseValue(b []byte, depth int) (expr.Value, error) {
	var typed map[string]json.RawMessage
	if err := json.Unmarshal(b, &typed); err != nil {
		return nil, err
	}
	if len(typed) != 1 || depth >= maxNesting {
		return nil, errors.New("a value has one type, and up to 32 levels")
	}
	for typ, b := range typed {
		return parseTyped(typ, b, depth)
	}
	return nil, nil // not reached
}

func parseTyped(typ string, b []byte, depth int) (v expr.Value, err error) {
	read := func(into any) {
		d := json.NewDecoder(bytes.NewReader(b))
		err = d.Decode(into)
	}
	var text string
	var list []string
	var blob []byte
	var blobs [][]byte
	switch typ {
	case "S":
		read(&text)
		return expr.String(text), err
	case "N":
		if read(&text); err != nil {
			return nil, err
		}
		return expr.ParseNumber(text)
	case "B":
		read(&blob)
		return expr.Binary(blob), err
	case "BOOL":
		var is bool
		read(&is)
		return expr.Bool(is), err
	case "NULL":
		return expr.Null{}, nil
	case "SS":
		read(&list)
		return expr.StringSet(list), err
	case "NS":
		if read(&list); err != nil {
			return nil, err
		}
		return numberSet(list)
	case "BS":
		if read(&blobs); err != nil {
			return nil, err
		}
		return binarySet(blobs)
	case "M":
		var raw map[string]json.RawMessage
		if read(&raw); err != nil {
			return nil, err
		}
		return parseMap(raw, depth+1)
	case "L":
		var raw []json.RawMessage
		if read(&raw); err != nil {
			return nil, err
		}
		l := make(expr.List, len(raw))
		for i, b := range raw {
			if l[i], err = parseValue(b, depth+1); err != nil {
				return nil, err
			}
		}
		return l, nil
	}
	return nil, fmt.Errorf("there is no type %q", typ)
}
