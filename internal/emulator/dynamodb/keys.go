package dynamodb

import (
	"crypto/md5"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// A keyAttribute is an attribute that is part of a key, and its type: S, N or B.
type keyAttribute struct{ name, typ string }

// A keySchema is the key of a table, or of an index.
type keySchema struct {
	index string // empty for the table's own
	hash  []keyAttribute
	sort  []keyAttribute
}

func (k keySchema) attributes() []keyAttribute { return slices.Concat(k.hash, k.sort) }

func (k keySchema) has(name string) bool {
	return slices.ContainsFunc(k.attributes(), func(a keyAttribute) bool { return a.name == name })
}

// An index is what reading and writing need to know of one.
type index struct {
	keySchema
	global     bool
	projection *types.Projection
}

func (t *table) key() keySchema { return t.schema("", t.Desc.KeySchema) }

func (t *table) schema(index string, elements []types.KeySchemaElement) keySchema {
	k := keySchema{index: index}
	for _, e := range elements {
		a := keyAttribute{name: aws.ToString(e.AttributeName)}
		for _, d := range t.Desc.AttributeDefinitions {
			if aws.ToString(d.AttributeName) == a.name {
				a.typ = string(d.AttributeType)
			}
		}
		if e.KeyType == types.KeyTypeHash {
			k.hash = append(k.hash, a)
		} else {
			k.sort = append(k.sort, a)
		}
	}
	return k
}

// indexes are the table's indexes, local ones first.
func (t *table) indexes() []index {
	var list []index
	for _, l := range t.Desc.LocalSecondaryIndexes {
		list = append(list, index{t.schema(aws.ToString(l.IndexName), l.KeySchema), false, l.Projection})
	}
	for _, g := range t.Desc.GlobalSecondaryIndexes {
		list = append(list, t.global(g))
	}
	return list
}

func (t *table) global(g types.GlobalSecondaryIndexDescription) index {
	return index{t.schema(aws.ToString(g.IndexName), g.KeySchema), true, g.Projection}
}

// all reports whether the index lists whole items.
func (x *index) all() bool { return x.projection.ProjectionType == types.ProjectionTypeAll }

// of returns what the index holds of an item of the table.
func (x *index) of(primary keySchema, item expr.Item) expr.Item {
	if x.all() {
		return item
	}
	part := expr.Item{}
	for _, k := range [2]keySchema{primary, x.keySchema} {
		for _, a := range k.attributes() {
			part[a.name] = item[a.name]
		}
	}
	for _, name := range x.projection.NonKeyAttributes {
		if v, ok := item[name]; ok {
			part[name] = v
		}
	}
	return part
}

// lists reports whether the index has an entry for the item: an item that lacks
// one of the index's key attributes is not in it, nor is one that had it with
// another type before the index was made.
func (x *index) lists(item expr.Item) bool {
	return !slices.ContainsFunc(x.attributes(), func(a keyAttribute) bool {
		v := item[a.name]
		return v == nil || v.Type() != a.typ || empty(v) != ""
	})
}

// prefix is the beginning of the store keys of a table's items; with an index, of
// its entries.
func (s *Service) prefix(t *table, index string) string {
	scope := arnScope(aws.ToString(t.Desc.TableArn))
	if index == "" {
		return scope.Key(t.name(), "")
	}
	return scope.Key(t.name(), index, "")
}

// path is the part of a store key that the attributes of an item or of a key give.
// It begins with a hash of the partition key, so that a scan meets the partitions
// in no order that anyone could come to rely on, and segments of it are even.
func (k keySchema) path(item expr.Item) string {
	return string(appendAttributes(k.partition(item), k.sort, item))
}

// partition is the part of path that all items of one partition share.
func (k keySchema) partition(item expr.Item) []byte {
	b := appendAttributes(make([]byte, hashSize, 64), k.hash, item)
	sum := md5.Sum(b[hashSize:])
	copy(b, sum[:hashSize])
	return b
}

const hashSize = 4

func appendAttributes(b []byte, attributes []keyAttribute, item expr.Item) []byte {
	for _, a := range attributes {
		b = expr.AppendKey(b, item[a.name])
	}
	return b
}

// keyOf returns the attributes of the key alone.
func (k keySchema) keyOf(item expr.Item) expr.Item {
	key := expr.Item{}
	for _, a := range k.attributes() {
		key[a.name] = item[a.name]
	}
	return key
}

const (
	maxHash = 2048 // bytes of a partition key
	maxSort = 1024 // bytes of a sort key
)

const mismatch = "The provided key element does not match the schema"

// checkKey checks a Key member: it has the key's attributes and no others.
func (k keySchema) checkKey(key expr.Item) error {
	for _, a := range k.attributes() {
		if v := key[a.name]; v == nil || v.Type() != a.typ {
			return invalid(mismatch)
		}
	}
	if len(key) != len(k.attributes()) {
		return invalid(mismatch)
	}
	return k.checkSizes(key)
}

// checkItem checks the key's attributes within a whole item.
func (k keySchema) checkItem(item expr.Item) error {
	for _, a := range k.attributes() {
		v := item[a.name]
		if v == nil {
			return parameter("Missing the key %s in the item", a.name)
		}
		if v.Type() != a.typ {
			return parameter("Type mismatch for key %s expected: %s actual: %s", a.name, a.typ, v.Type())
		}
	}
	return k.checkSizes(item)
}

func (k keySchema) checkSizes(item expr.Item) error {
	for _, a := range k.attributes() {
		if kind := empty(item[a.name]); kind != "" {
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kind, a.name)
		}
	}
	hash, sort := keyBytes(k.hash, item), keyBytes(k.sort, item)
	if hash > maxHash {
		return parameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxHash)
	}
	if sort > maxSort {
		return parameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSort)
	}
	return nil
}

func keyBytes(attributes []keyAttribute, item expr.Item) int {
	n := 0
	for _, a := range attributes {
		n += item[a.name].Size()
	}
	return n
}

// empty names the kind of an empty text, or is "".
func empty(v expr.Value) string {
	switch v {
	case expr.String(""):
		return "string"
	case expr.Binary(""):
		return "binary"
	}
	return ""
}

// checkEntry checks the index's key attributes within an item that may lack them.
func (x *index) checkEntry(item expr.Item) error {
	for _, a := range x.attributes() {
		v := item[a.name]
		if v == nil {
			continue
		}
		if v.Type() != a.typ {
			return parameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", a.name, a.typ, v.Type(), x.index)
		}
		if kind := empty(v); kind != "" {
			return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", kind, x.index, a.name)
		}
	}
	if x.lists(item) {
		if keyBytes(x.hash, item) > maxHash {
			return parameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxHash)
		}
		if keyBytes(x.sort, item) > maxSort {
			return parameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSort)
		}
	}
	return nil
}
