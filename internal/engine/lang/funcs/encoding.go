package funcs

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
)

var base64Encode = stringFunc("str", func(s string) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
})

var base64Decode = stringFunc("str", func(s string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", function.NewArgErrorf(0, "this is not valid base64: %s", err)
	}
	if !utf8.Valid(raw) {
		return "", function.NewArgErrorf(0, "the decoded bytes are not valid UTF-8, so that no string can hold them")
	}
	return string(raw), nil
})

var base64Gzip = stringFunc("str", func(s string) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		return "", err
	}
	// The flush adds an empty block that states written by Terraform hold, too:
	// without it, every such value would show as changed.
	if err := errors.Join(w.Flush(), w.Close()); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
})

var base64Gunzip = stringFunc("str", func(s string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", function.NewArgErrorf(0, "this is not valid base64: %s", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return "", function.NewArgErrorf(0, "this is not gzip: %s", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return "", function.NewArgErrorf(0, "this is not gzip: %s", err)
	}
	if !utf8.Valid(text) {
		return "", function.NewArgErrorf(0, "the unpacked bytes are not valid UTF-8, so that no string can hold them")
	}
	return string(text), nil
})

var urlEncode = stringFunc("str", func(s string) (string, error) { return url.QueryEscape(s), nil })

var urlDecode = stringFunc("str", func(s string) (string, error) {
	out, err := url.QueryUnescape(s)
	if err != nil {
		return "", function.NewArgErrorf(0, "this is not URL-encoded: %s", err)
	}
	return out, nil
})

var textEncodeBase64 = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "string", Type: cty.String},
		{Name: "encoding", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		enc, err := namedEncoding(args[1].AsString())
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		raw, err := enc.NewEncoder().Bytes([]byte(args[0].AsString()))
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(0, "it holds characters that %s cannot represent", args[1].AsString())
		}
		return cty.StringVal(base64.StdEncoding.EncodeToString(raw)), nil
	},
})

var textDecodeBase64 = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "source", Type: cty.String},
		{Name: "encoding", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		enc, err := namedEncoding(args[1].AsString())
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		raw, err := base64.StdEncoding.DecodeString(args[0].AsString())
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(0, "this is not valid base64: %s", err)
		}
		text, err := enc.NewDecoder().Bytes(raw)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(0, "the bytes are not valid %s", args[1].AsString())
		}
		return cty.StringVal(string(text)), nil
	},
})

func namedEncoding(name string) (encoding.Encoding, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		return nil, function.NewArgErrorf(1, "%q is not an IANA encoding name that is known, such as UTF-16LE or ISO-8859-1", name)
	}
	return enc, nil
}

// stringFunc makes a function of one string from f.
func stringFunc(param string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{{Name: param, Type: cty.String}},
		Type:         function.StaticReturnType(cty.String),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			return cty.StringVal(s), nil
		},
	})
}
