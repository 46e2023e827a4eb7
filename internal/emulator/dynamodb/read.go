package dynamodb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxPage is how many bytes of items a Query or Scan looks at before it stops.
const maxPage = 1 << 20

// A read is what Query and Scan have in common: a stretch of a table or an index,
// in order, of which one page is looked at.
type read struct {
	table      *table
	index      *index // nil for the table itself
	choice     types.Select
	consistent bool
	descending bool
	limit      int32 // items to look at; 0 for no limit
	expressions
	start expr.Item // ExclusiveStartKey, or nil

	low, high string // store keys: the first, and the first beyond
	outside   string // the error's text for a start that lies elsewhere
	whole     bool   // items are fetched from the table for what the index lacks
}

// A page is what was found.
type page struct {
	items   []map[string]types.AttributeValue // nil for counts
	count   int32
	scanned int32
	last    map[string]types.AttributeValue // LastEvaluatedKey, or nil
	usage   usage
}

// search finds one page for Query and Scan, which set the stretch by themselves.
func (s *Service) search(ctx context.Context, r *read, table, index *string, set func(prefix string) error) (p page, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.usable(ctx, tx, table)
		if err != nil {
			return err
		}
		if err := r.over(&t, index, s.now()); err != nil {
			return err
		}
		if err := r.checkStart(); err != nil {
			return err
		}
		prefix := s.prefix(&t, aws.ToString(index))
		if err := set(prefix); err != nil {
			return err
		}
		if err := r.resume(prefix); err != nil {
			return err
		}
		if p, err = r.page(s, tx); err != nil {
			return err
		}
		return s.charge(&t, p.usage, readSide)
	})
	return p, err
}

// checkSelect checks what the request alone says about the attributes wanted.
func checkSelect(choice types.Select, index, projection *string, attributes []string) error {
	member := ""
	switch {
	case projection != nil:
		member = expr.ProjectionExpression
	case attributes != nil:
		member = "AttributesToGet"
	}
	switch {
	case choice == types.SelectAllProjectedAttributes && index == nil:
		return parameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case choice == types.SelectSpecificAttributes && member == "":
		return parameter("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case choice != "" && choice != types.SelectSpecificAttributes && member != "":
		return invalid("Cannot specify the %s when choosing to get %s", member, choice)
	}
	return nil
}

// over sets the table or index to read, and checks that it can be read so, now.
func (r *read) over(t *table, name *string, now time.Time) error {
	r.table = t
	if name == nil {
		return nil
	}
	for _, x := range t.indexes() {
		if x.index == *name {
			r.index = &x
		}
	}
	switch {
	case r.index == nil:
		return invalid("The table does not have the specified index: %s", *name)
	case *name == t.NewIndex && t.status(now) == types.TableStatusUpdating:
		return invalid("Cannot read from backfilling global secondary index: %s", *name)
	case r.index.global && r.consistent:
		return invalid("Consistent reads are not supported on global secondary indexes")
	case r.index.all():
		return nil
	case r.index.global && r.choice == types.SelectAllAttributes:
		return parameter("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", *name)
	}
	lacking := r.lacking()
	if len(lacking) > 0 && r.index.global {
		return parameter("Global secondary index %s does not project [%s]", *name, strings.Join(lacking, ", "))
	}
	r.whole = len(lacking) > 0 || r.choice == types.SelectAllAttributes
	return nil
}

// lacking are the attributes of the ProjectionExpression that the index does not
// hold.
func (r *read) lacking() []string {
	key, names := r.table.key(), []string{}
	for _, p := range r.projection.Paths {
		n := p[0].Name
		if !key.has(n) && !r.index.has(n) && !slices.Contains(r.index.projection.NonKeyAttributes, n) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// schema is the key by which the stretch is ordered.
func (r *read) schema() keySchema {
	if r.index != nil {
		return r.index.keySchema
	}
	return r.table.key()
}

// place is the part of the store key, behind the prefix, of an item or a start key.
func (r *read) place(item expr.Item) string {
	if r.index != nil {
		return r.index.path(item) + r.table.key().path(item)
	}
	return r.table.key().path(item)
}

// position is the key of an item for LastEvaluatedKey: the index's and the table's.
func (r *read) position(item expr.Item) expr.Item {
	key := r.table.key().keyOf(item)
	if r.index != nil {
		for name, v := range r.index.keyOf(item) {
			key[name] = v
		}
	}
	return key
}

// checkStart checks that the ExclusiveStartKey is a position.
func (r *read) checkStart() error {
	if r.start == nil {
		return nil
	}
	attributes := r.table.key().attributes()
	text := "The provided starting key is invalid: " + mismatch
	if r.index != nil {
		attributes = append(attributes, r.index.attributes()...)
		text = "The provided starting key is invalid"
	}
	for _, a := range attributes {
		if v := r.start[a.name]; v == nil || v.Type() != a.typ {
			return invalid("%s", text)
		}
	}
	for name := range r.start {
		if !slices.ContainsFunc(attributes, func(a keyAttribute) bool { return a.name == name }) {
			return invalid("%s", text)
		}
	}
	return nil
}

// resume narrows the stretch to what lies behind the start key.
func (r *read) resume(prefix string) error {
	if r.start == nil {
		return nil
	}
	at := prefix + r.place(r.start)
	if at < r.low || at >= r.high {
		return invalid("%s", r.outside)
	}
	if r.descending {
		r.high = at
	} else {
		r.low = at + "\x00"
	}
	return nil
}

// page looks at one page of the stretch.
func (r *read) page(s *Service, tx *store.Tx) (page, error) {
	p := page{}
	if r.choice != types.SelectCount {
		p.items = []map[string]types.AttributeValue{}
	}
	size, fetched := 0, 0.0
	var last expr.Item
	for stored, err := range r.stretch(s, tx) {
		if err != nil {
			return p, err
		}
		if size > maxPage || r.limit > 0 && p.scanned == r.limit {
			p.last = attributesOf(r.position(last))
			break
		}
		last = stored
		item := stored
		if r.index != nil {
			item = r.index.of(r.table.key(), stored)
		}
		size += expr.ItemSize(item)
		p.scanned++
		if r.whole {
			item = stored
			fetched += readUnits(expr.ItemSize(stored), r.consistent)
		}
		if !r.holds(item) {
			continue
		}
		p.count++
		if p.items != nil {
			p.items = append(p.items, attributesOf(r.projection.Of(item)))
		}
	}
	// A page that ends at the limit says so even when nothing follows.
	if p.last == nil && last != nil && (p.scanned == r.limit || size > maxPage) {
		p.last = attributesOf(r.position(last))
	}
	units := readUnits(size, r.consistent)
	if r.index == nil {
		p.usage.table = units
	} else {
		p.usage = usage{table: fetched, indexes: []spent{{r.index.index, r.index.global, units}}}
	}
	return p, nil
}

// stretch yields the items of the stretch, whole.
func (r *read) stretch(s *Service, tx *store.Tx) iter.Seq2[expr.Item, error] {
	return func(yield func(expr.Item, error) bool) {
		if r.index == nil {
			for _, b := range between(tx, s.items, r.low, r.high, r.descending) {
				if !yield(decodeItem(b)) {
					return
				}
			}
			return
		}
		for _, path := range between(tx, s.entries, r.low, r.high, r.descending) {
			if !yield(s.item(tx, r.table, path)) {
				return
			}
		}
	}
}

// between yields what a set holds at keys from low up to, without, high.
func between[T any](tx *store.Tx, set *store.Set[T], low, high string, descending bool) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if descending {
			for k, v := range set.DownFrom(tx, high) {
				if k == high {
					continue
				}
				if k < low || !yield(k, v) {
					return
				}
			}
			return
		}
		for k, v := range set.From(tx, low) {
			if k >= high || !yield(k, v) {
				return
			}
		}
	}
}

// after is the first key beyond all keys that begin with prefix.
func after(prefix string) string {
	b := []byte(prefix)
	for len(b) > 0 && b[len(b)-1] == 0xFF {
		b = b[:len(b)-1]
	}
	if len(b) > 0 {
		b[len(b)-1]++
	}
	return string(b)
}

// segment is the stretch of one part of a table in so many.
func segment(prefix string, number, total int32) (low, high string) {
	bound := func(n int32) string {
		at := (uint64(n)<<32 + uint64(total) - 1) / uint64(total)
		if at > 0xFFFFFFFF {
			return after(prefix)
		}
		return prefix + string(binary.BigEndian.AppendUint32(nil, uint32(at)))
	}
	return bound(number), bound(number + 1)
}

// startOf reads an ExclusiveStartKey.
func startOf(key map[string]types.AttributeValue) (expr.Item, error) {
	if key == nil {
		return nil, nil
	}
	item, err := itemOf(key)
	const outside = "The provided starting key is invalid: %s"
	if f := (*valueFault)(nil); errors.As(err, &f) {
		return nil, faulty(message(err), fmt.Sprintf(outside, f.older))
	}
	if err != nil {
		return nil, invalid(outside, message(err))
	}
	return item, nil
}
