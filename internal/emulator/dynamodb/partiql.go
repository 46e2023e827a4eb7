package dynamodb

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// readStatement reads a PartiQL statement with its parameters.
func readStatement(src *string, parameters []types.AttributeValue) (expr.Statement, error) {
	values := make([]expr.Value, len(parameters))
	for i, a := range parameters {
		v, err := valueOf(a, 0)
		if err != nil {
			return expr.Statement{}, inOlder(invalidErr(err))
		}
		values[i] = v
	}
	st, err := expr.ParseStatement(aws.ToString(src), values)
	return st, invalidErr(err)
}

// ExecuteStatement implements the operation of that name.
func (s *Service) ExecuteStatement(ctx context.Context, in *dynamodb.ExecuteStatementInput) (*dynamodb.ExecuteStatementOutput, error) {
	st, err := readStatement(in.Statement, in.Parameters)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ExecuteStatementOutput{Items: []map[string]types.AttributeValue{}}
	if st.Verb == "SELECT" {
		return out, s.env.Store.View(func(tx *store.Tx) error { return s.selected(ctx, tx, &st, in, out) })
	}
	if st.Verb == "EXISTS" {
		return nil, invalid("EXISTS() is only supported in ExecuteTransaction")
	}
	if in.NextToken != nil || in.Limit != nil {
		return nil, invalid("NextToken and Limit can only be used with SELECT statements")
	}
	return out, s.update(func(tx *store.Tx) error {
		item, u, err := s.execute(ctx, tx, &st, in.ReturnValuesOnConditionCheckFailure)
		if err != nil {
			return err
		}
		if len(item) > 0 {
			out.Items = append(out.Items, attributesOf(item))
		}
		out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, &st.Table, u)
		return nil
	})
}

// selected carries out a SELECT: a query where its condition names the partition key,
// and otherwise a scan.
func (s *Service) selected(ctx context.Context, tx *store.Tx, st *expr.Statement, in *dynamodb.ExecuteStatementInput, out *dynamodb.ExecuteStatementOutput) error {
	t, err := s.usable(ctx, tx, &st.Table)
	if err != nil {
		return err
	}
	r := read{consistent: aws.ToBool(in.ConsistentRead), limit: aws.ToInt32(in.Limit)}
	if len(st.Paths) > 0 {
		heads := expr.Projection{}
		for _, p := range st.Paths {
			heads.Paths = append(heads.Paths, p[:1])
		}
		r.projection = heads // for what the index must hold; the paths are taken below
	}
	var index *string
	if st.Index != "" {
		index = &st.Index
	}
	if err := s.qualified(&t, st, &r, index); err != nil {
		return err
	}
	r.projection = expr.Projection{}
	prefix := s.prefix(&t, st.Index)
	r.low, r.high = prefix, after(prefix)
	var filter []expr.Condition
	r.key, filter = served(r.schema(), st.Where)
	r.condition = expr.Every(filter)
	if err := r.order(st); err != nil {
		return err
	}
	if r.key != nil {
		if err := r.within(prefix); err != nil {
			return err
		}
	}
	if in.NextToken != nil {
		b, err := base64.StdEncoding.DecodeString(*in.NextToken)
		if err == nil {
			r.start, err = decodeItem(b)
		}
		if err != nil || r.checkStart() != nil || r.resume(prefix) != nil {
			return invalid("Given NextToken is invalid")
		}
	}
	p, err := r.page(s, tx)
	if err != nil {
		return err
	}
	for _, found := range p.items {
		item, err := itemOf(found)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, attributesOf(picked(st.Paths, item)))
	}
	if p.last != nil {
		last, err := itemOf(p.last)
		if err != nil {
			return err
		}
		out.LastEvaluatedKey = p.last
		out.NextToken = aws.String(base64.StdEncoding.EncodeToString(encodeItem(last)))
	}
	out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, &st.Table, p.usage)
	return s.charge(&t, p.usage, readSide)
}

// order sets the direction that ORDER BY asks for, by the key of a partition.
func (r *read) order(st *expr.Statement) error {
	switch {
	case st.Order == "":
		return nil
	case r.key == nil:
		return invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
	case !r.schema().has(st.Order):
		return invalid("Variable reference %s in ORDER BY clause must be part of the primary key", st.Order)
	}
	r.descending = st.Descending
	return nil
}

// qualified sets what a SELECT reads from, with PartiQL's own errors of indexes.
func (s *Service) qualified(t *table, st *expr.Statement, r *read, name *string) error {
	for _, x := range t.indexes() {
		if name == nil || x.index != *name {
			continue
		}
		if x.multiple() {
			return invalid(multiAttribute)
		}
		if x.global && r.consistent {
			return invalid("Strongly consistent read is not supported on Global Secondary Indexes")
		}
		var lacking []string
		for _, n := range expr.Attributes(st.Where) {
			if !x.holds(t.key(), n) && !slices.Contains(lacking, n) {
				lacking = append(lacking, n)
			}
		}
		if len(lacking) > 0 {
			return parameter("Secondary index %s does not project one or more filter attributes: [%s]", *name, strings.Join(lacking, ", "))
		}
		return r.over(t, name, s.now())
	}
	if name != nil {
		return invalid("The table does not have the specified index")
	}
	return r.over(t, nil, s.now())
}

const multiAttribute = "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."

// multiple reports whether the key has more than one attribute of a kind.
func (k keySchema) multiple() bool { return len(k.hash) > 1 || len(k.sort) > 1 }

// holds reports whether the index holds the attribute of that name.
func (x *index) holds(primary keySchema, name string) bool {
	return x.all() || primary.has(name) || x.has(name) || slices.Contains(x.projection.NonKeyAttributes, name)
}

// served splits a condition into the terms by which the key serves it, if it names the
// partition, and the rest.
func served(key keySchema, where expr.Condition) (terms []expr.KeyTerm, rest []expr.Condition) {
	conjuncts := expr.Conjuncts(where)
	taken := make([]bool, len(conjuncts))
	take := func(a keyAttribute, hash bool) (ranged, ok bool) {
		for i, c := range conjuncts {
			if !taken[i] && c.Term != nil && c.Term.Name == a.name && (!hash || c.Term.Op == "=") {
				taken[i] = true
				terms = append(terms, *c.Term)
				return c.Term.Op != "=", true
			}
		}
		return false, false
	}
	partition := true
	for _, a := range key.hash {
		_, ok := take(a, true)
		partition = partition && ok
	}
	if !partition {
		if where == nil {
			return nil, nil
		}
		return nil, []expr.Condition{where}
	}
	for _, a := range key.sort {
		if ranged, ok := take(a, false); ranged || !ok {
			break
		}
	}
	for i, c := range conjuncts {
		if !taken[i] {
			rest = append(rest, c.Condition)
		}
	}
	return terms, rest
}

// picked is what a SELECT returns of an item: the ends of its paths, by their names.
func picked(paths []expr.Path, item expr.Item) expr.Item {
	if paths == nil {
		return item
	}
	part := expr.Item{}
	for _, p := range paths {
		name := ""
		for _, step := range p {
			if step.Name != "" {
				name = step.Name
			}
		}
		if v := p.Get(item); v != nil {
			part[name] = v
		}
	}
	return part
}

// execute carries out a statement that writes; it returns what RETURNING asks for.
func (s *Service) execute(ctx context.Context, tx *store.Tx, st *expr.Statement, returns types.ReturnValuesOnConditionCheckFailure) (expr.Item, usage, error) {
	w, err := s.writing(ctx, tx, st)
	if err != nil {
		return nil, usage{}, err
	}
	w.returns = returns
	if err := w.evaluate(); err != nil {
		return nil, usage{}, err
	}
	u := usage{table: writeUnits(0)}
	if w.old != nil || w.new != nil {
		u = s.write(tx, &w.table, w.old, w.new)
	}
	if err := s.charge(&w.table, u, writeSide); err != nil {
		return nil, usage{}, err
	}
	image := w.old
	if strings.Contains(st.Returning, "NEW") {
		image = w.new
	}
	switch {
	case st.Returning == "":
		return nil, u, nil
	case strings.HasPrefix(st.Returning, "MODIFIED"):
		return expr.Project(st.Update.Paths...).Of(image), u, nil
	}
	return image, u, nil
}

// writing is a statement that writes as a step of a transaction: located, and not yet
// evaluated.
func (s *Service) writing(ctx context.Context, tx *store.Tx, st *expr.Statement) (step, error) {
	w := step{name: &st.Table}
	var err error
	if w.table, err = s.usable(ctx, tx, w.name); err != nil {
		return w, err
	}
	if st.Index != "" {
		return w, invalid("%s statements cannot name an index", st.Verb)
	}
	key := w.table.key()
	switch st.Verb {
	case "EXISTS":
		terms, rest := served(key, st.Where)
		w.kind, w.condition, w.key = stepCheck, expr.Every(rest), expr.Item{}
		for _, t := range terms {
			if t.Op == "=" {
				w.key[t.Name] = t.Values[0]
			}
		}
		if len(w.key) != len(key.attributes()) || len(rest) == 0 || key.checkKey(w.key) != nil {
			return w, invalid("EXISTS() must contain a single item read with additional condition")
		}
	case "INSERT":
		w.kind, w.item, w.inserts = stepPut, st.Item, true
		if err := w.table.check(st.Item); err != nil {
			return w, err
		}
		w.key = key.keyOf(st.Item)
	default:
		terms, rest := served(key, st.Where)
		w.key = expr.Item{}
		for _, t := range terms {
			if t.Op == "=" {
				w.key[t.Name] = t.Values[0]
			}
		}
		if len(w.key) != len(key.attributes()) {
			return w, invalid("Where clause does not contain a mandatory equality on all key attributes")
		}
		if err := key.checkKey(w.key); err != nil {
			return w, err
		}
		w.condition = expr.Every(rest)
		w.kind = stepDelete
		if st.Verb == "UPDATE" {
			w.kind, w.update, w.changesOnly = stepUpdate, st.Update, true
			if err := w.table.checkUpdate(st.Update); err != nil {
				return w, err
			}
		}
	}
	w.old, err = s.item(tx, &w.table, key.path(w.key))
	return w, err
}
