package dynamodb

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// An item is kept as bytes, in memory as in the file: a tenth of the memory of a
// map of values, and nothing that a reader could change by mistake. A value is a
// byte for its type and then its content; texts and collections are preceded by
// their length, and a map's entries stand in the order of their names.
const (
	tagString byte = iota + 1
	tagNumber
	tagBinary
	tagTrue
	tagFalse
	tagNull
	tagList
	tagMap
	tagStringSet
	tagNumberSet
	tagBinarySet
)

// encodeItem returns the stored form of an item, in hardly more memory than it needs:
// what has been put into a table stays.
func encodeItem(item expr.Item) []byte {
	const lengths = 4 // of a name and of a value, most often
	return appendMap(make([]byte, 0, 2+expr.ItemSize(item)+lengths*len(item)), item)
}

func appendMap(b []byte, m expr.Map) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		b = appendText(b, name)
		b = appendValue(b, m[name])
	}
	return b
}

func appendText[T ~string](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts[T ~string](b []byte, set []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(set)))
	for _, s := range set {
		b = appendText(b, s)
	}
	return b
}

func appendValue(b []byte, v expr.Value) []byte {
	switch v := v.(type) {
	case expr.String:
		return appendText(append(b, tagString), v)
	case expr.Number:
		return appendText(append(b, tagNumber), v)
	case expr.Binary:
		return appendText(append(b, tagBinary), v)
	case expr.Bool:
		if v {
			return append(b, tagTrue)
		}
		return append(b, tagFalse)
	case expr.List:
		b = binary.AppendUvarint(append(b, tagList), uint64(len(v)))
		for _, e := range v {
			b = appendValue(b, e)
		}
		return b
	case expr.Map:
		return appendMap(append(b, tagMap), v)
	case expr.StringSet:
		return appendTexts(append(b, tagStringSet), v)
	case expr.NumberSet:
		return appendTexts(append(b, tagNumberSet), v)
	case expr.BinarySet:
		return appendTexts(append(b, tagBinarySet), v)
	}
	return append(b, tagNull)
}

// decodeItem reads what encodeItem wrote.
func decodeItem(b []byte) (expr.Item, error) {
	r := reader{b: string(b)} // copied once: all texts are parts of it
	item := r.mapping()
	if r.bad || len(r.b) > 0 {
		return nil, errors.New("an item's stored form is damaged")
	}
	return item, nil
}

// A reader takes values off the front of b; bad is set when they do not fit.
type reader struct {
	b   string
	bad bool
}

// count reads a length, of which every unit takes at least a byte.
func (r *reader) count() int {
	var head [binary.MaxVarintLen64]byte
	n, size := binary.Uvarint(head[:copy(head[:], r.b)])
	if size <= 0 || n > uint64(len(r.b)-size) {
		r.b, r.bad = "", true
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) mapping() expr.Map {
	n := r.count()
	m := make(expr.Map, n)
	for range n {
		name := r.text()
		m[name] = r.value()
	}
	return m
}

func texts[T ~string](r *reader) []T {
	set := make([]T, r.count())
	for i := range set {
		set[i] = T(r.text())
	}
	return set
}

func (r *reader) value() expr.Value {
	if len(r.b) == 0 {
		r.bad = true
		return expr.Null{}
	}
	tag := r.b[0]
	r.b = r.b[1:]
	switch tag {
	case tagString:
		return expr.String(r.text())
	case tagNumber:
		return expr.Number(r.text())
	case tagBinary:
		return expr.Binary(r.text())
	case tagTrue, tagFalse:
		return expr.Bool(tag == tagTrue)
	case tagList:
		list := make(expr.List, r.count())
		for i := range list {
			list[i] = r.value()
		}
		return list
	case tagMap:
		return r.mapping()
	case tagStringSet:
		return expr.StringSet(texts[string](r))
	case tagNumberSet:
		return expr.NumberSet(texts[expr.Number](r))
	case tagBinarySet:
		return expr.BinarySet(texts[string](r))
	}
	r.bad = r.bad || tag != tagNull
	return expr.Null{}
}
