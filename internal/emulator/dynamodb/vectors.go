package dynamodb

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A vector index is kept as its description alone: a search compares the vectors of
// all items, so that its answer is exact where AWS's may be near it.

// vectorAt is the position of a vector index, or -1.
func (t *table) vectorAt(name string) int {
	return slices.IndexFunc(t.Desc.VectorIndexes, func(v types.VectorIndexDescription) bool { return aws.ToString(v.IndexName) == name })
}

func (t *table) newVector(v types.VectorIndex) types.VectorIndexDescription {
	return types.VectorIndexDescription{
		IndexArn: aws.String(aws.ToString(t.Desc.TableArn) + "/index/" + aws.ToString(v.IndexName)), IndexName: v.IndexName,
		IndexSizeBytes: aws.Int64(0), ItemCount: aws.Int64(0),
		Dimensions: v.Dimensions, DistanceFunction: v.DistanceFunction, Projection: v.Projection, SearchSchema: v.SearchSchema, VectorAttribute: v.VectorAttribute,
	}
}

// searchNames are the attributes by which the search of an index is narrowed.
func searchNames(schema []types.SearchSchemaElement) []string {
	var names []string
	for _, e := range schema {
		names = append(names, aws.ToString(e.AttributeName))
	}
	return names
}

// checkVector checks a new vector index against the table's definitions, keys, and
// other vector indexes.
func checkVector(v types.VectorIndex, definitions, keys []string, others []types.VectorIndexDescription) error {
	name, attribute := aws.ToString(v.IndexName), aws.ToString(v.VectorAttribute.AttributeName)
	searched := searchNames(v.SearchSchema)
	undefined := slices.ContainsFunc(searched, func(k string) bool { return !slices.Contains(definitions, k) })
	hashes := 0
	for _, e := range v.SearchSchema {
		if e.SearchSchemaElementType == types.SearchSchemaElementTypeHash {
			hashes++
		}
	}
	p := v.Projection
	switch {
	case undefined:
		return undefinedKeys(searched, definitions)
	case repeated(searched) || slices.Contains(searched, attribute):
		return parameter("Duplicate attribute names in the SearchSchema of the vector index: %s", name)
	case hashes > 1:
		return parameter("The SearchSchema of the vector index has more than one HASH element: %s", name)
	case slices.Contains(keys, attribute):
		return parameter("The vector attribute of the vector index is a key of the table: %s", name)
	case p.ProjectionType == "":
		return parameter("Unknown ProjectionType: null")
	case p.NonKeyAttributes != nil && p.ProjectionType != types.ProjectionTypeInclude:
		return parameter("ProjectionType is %s, but NonKeyAttributes is specified", p.ProjectionType)
	case p.NonKeyAttributes == nil && p.ProjectionType == types.ProjectionTypeInclude:
		return parameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	for _, o := range others {
		switch {
		case aws.ToString(o.IndexName) == name:
			return parameter("Duplicate index name: %s", name)
		case aws.ToString(o.VectorAttribute.AttributeName) == attribute && *o.Dimensions != *v.Dimensions:
			return parameter("Vector indexes of one attribute must have the same number of dimensions: %s", attribute)
		}
	}
	return nil
}

// unvectored is the error for vector indexes of a table with provisioned capacity. The
// documentation says the rule; AWS's text is not known.
const unvectored = "Vector indexes are supported only on tables that use on-demand capacity mode"

// revector makes or deletes a vector index.
func (t *table) revector(in *dynamodb.UpdateTableInput) error {
	if len(in.VectorIndexUpdates) > 1 {
		return &types.LimitExceededException{Message: aws.String("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")}
	}
	if !t.onDemand() && (len(in.VectorIndexUpdates) > 0 || len(t.Desc.VectorIndexes) > 0) {
		return parameter(unvectored)
	}
	for _, u := range in.VectorIndexUpdates {
		if (u.Create == nil) == (u.Delete == nil) {
			return parameter("One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null, and only one")
		}
		if u.Delete != nil {
			at := t.vectorAt(aws.ToString(u.Delete.IndexName))
			if at < 0 {
				return t.noIndex(aws.ToString(u.Delete.IndexName), "delete")
			}
			t.Desc.VectorIndexes = slices.Delete(slices.Clone(t.Desc.VectorIndexes), at, at+1)
			continue
		}
		c := u.Create
		v := types.VectorIndex{
			IndexName: c.IndexName, VectorAttribute: c.VectorAttribute, SearchSchema: c.SearchSchema, Projection: c.Projection,
			Dimensions: c.Dimensions, DistanceFunction: c.DistanceFunction,
		}
		if slices.ContainsFunc(t.indexes(), func(x index) bool { return x.index == aws.ToString(c.IndexName) }) || t.vectorAt(aws.ToString(c.IndexName)) >= 0 {
			return invalid("Attempting to create an index which already exists")
		}
		definitions := mergedDefinitions(t.Desc.AttributeDefinitions, in.AttributeDefinitions)
		if err := checkVector(v, definedNames(definitions), keyNames(t.Desc.KeySchema), t.Desc.VectorIndexes); err != nil {
			return err
		}
		t.Desc.VectorIndexes = append(slices.Clone(t.Desc.VectorIndexes), t.newVector(v))
		t.NewIndex = aws.ToString(c.IndexName)
	}
	return nil
}

// checkVectors checks what an item has for the table's vector indexes: nothing, or a
// list of as many numbers as the index has dimensions.
func (t *table) checkVectors(item expr.Item) error {
	for _, v := range t.Desc.VectorIndexes {
		name := aws.ToString(v.VectorAttribute.AttributeName)
		if _, there := item[name]; there && vectorOf(item[name], *v.Dimensions) == nil {
			return parameter("The vector attribute %s must be a list of %d numbers for the vector index %s", name, *v.Dimensions, aws.ToString(v.IndexName))
		}
		for _, searched := range searchNames(v.SearchSchema) {
			at := slices.IndexFunc(t.Desc.AttributeDefinitions, func(d types.AttributeDefinition) bool { return aws.ToString(d.AttributeName) == searched })
			if value := item[searched]; value != nil && at >= 0 && value.Type() != string(t.Desc.AttributeDefinitions[at].AttributeType) {
				return parameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", searched, t.Desc.AttributeDefinitions[at].AttributeType, value.Type(), aws.ToString(v.IndexName))
			}
		}
	}
	return nil
}

// vectorOf is a value as a vector; nil if it is none of so many dimensions. Its
// elements are numbers of 32 bits.
func vectorOf(v expr.Value, dimensions int64) []float64 {
	list, ok := v.(expr.List)
	if !ok || int64(len(list)) != dimensions {
		return nil
	}
	out := make([]float64, len(list))
	for i, e := range list {
		n, ok := e.(expr.Number)
		if !ok {
			return nil
		}
		f, err := strconv.ParseFloat(n.String(), 32)
		if err != nil {
			return nil
		}
		out[i] = f
	}
	return out
}

// score compares two vectors: the smaller the more similar, but of a dot product the
// larger.
func score(by types.VectorDistanceFunction, a, b []float64) float64 {
	var dot, aa, bb, square float64
	for i := range a {
		dot += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
		square += (a[i] - b[i]) * (a[i] - b[i])
	}
	switch by {
	case types.VectorDistanceFunctionEuclidean:
		return math.Sqrt(square)
	case types.VectorDistanceFunctionDotProduct:
		return dot
	}
	if aa == 0 || bb == 0 {
		return 1 // a vector without a direction is as far from each
	}
	return min(2, max(0, 1-dot/math.Sqrt(aa*bb)))
}

// searchConditionExpression is the member that narrows a search.
const searchConditionExpression = "SearchConditionExpression"

// SearchVectors implements the operation of that name.
func (s *Service) SearchVectors(ctx context.Context, in *dynamodb.SearchVectorsInput) (*dynamodb.SearchVectorsOutput, error) {
	e, err := readExpressions(in.ExpressionAttributeNames, in.ExpressionAttributeValues,
		source{searchConditionExpression, in.SearchConditionExpression}, source{expr.ProjectionExpression, in.ProjectionExpression})
	if err != nil {
		return nil, err
	}
	list := make(expr.List, len(in.SearchVector))
	for i, a := range in.SearchVector {
		if list[i], err = valueOf(a, 0); err != nil {
			return nil, invalidErr(err)
		}
	}
	out := &dynamodb.SearchVectorsOutput{SearchResults: []types.SearchResultItem{}}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.usable(ctx, tx, in.TableName)
		if err != nil {
			return err
		}
		at := t.vectorAt(aws.ToString(in.IndexName))
		if at < 0 {
			return invalid("The table does not have the specified index: %s", aws.ToString(in.IndexName))
		}
		v := t.Desc.VectorIndexes[at]
		wanted := vectorOf(list, *v.Dimensions)
		if wanted == nil {
			return parameter("SearchVector must be a list of %d numbers, which is how many dimensions the index %s has", *v.Dimensions, aws.ToString(in.IndexName))
		}
		terms, err := searchTerms(e.condition, v)
		if err != nil {
			return err
		}
		found, compared, err := s.nearest(tx, &t, v, wanted, terms, int(aws.ToInt32(in.TopK)))
		if err != nil {
			return err
		}
		for _, f := range found {
			part := t.projected(v, f.item)
			if in.ProjectionExpression != nil {
				part = e.projection.Of(part)
			} else {
				delete(part, aws.ToString(v.VectorAttribute.AttributeName)) // only for those who ask for it
			}
			out.SearchResults = append(out.SearchResults, types.SearchResultItem{Item: attributesOf(part), Score: f.score})
		}
		if want := in.ReturnConsumedCapacity; want == types.ReturnConsumedCapacityTotal || want == types.ReturnConsumedCapacityIndexes {
			// A vector of 32-bit numbers is four bytes for each.
			out.ConsumedCapacity = &types.VectorCapacity{VectorSearchRequestBytes: aws.Float64(float64(4 * *v.Dimensions * int64(compared)))}
		}
		return nil
	})
}

// searchTerms are what a search demands of the attributes of the search schema:
// equality, and of a HASH element always.
func searchTerms(condition expr.Condition, v types.VectorIndexDescription) (map[string]expr.Value, error) {
	terms := map[string]expr.Value{}
	names := searchNames(v.SearchSchema)
	if condition != nil {
		for _, c := range expr.Conjuncts(condition) {
			switch {
			case c.Term == nil || c.Term.Op != "=":
				return nil, invalid("Invalid %s: only the equality operator (=) is supported", searchConditionExpression)
			case !slices.Contains(names, c.Term.Name):
				return nil, invalid("Invalid %s: the attribute %s is not in the search schema of the index", searchConditionExpression, c.Term.Name)
			}
			terms[c.Term.Name] = c.Term.Values[0]
		}
	}
	for _, e := range v.SearchSchema {
		if _, given := terms[aws.ToString(e.AttributeName)]; !given && e.SearchSchemaElementType == types.SearchSchemaElementTypeHash {
			return nil, invalid("Invalid %s: the partition key %s of the index is missing", searchConditionExpression, aws.ToString(e.AttributeName))
		}
	}
	return terms, nil
}

// match is an item that a search found.
type match struct {
	item  expr.Item
	score float64
}

// nearest are the most similar items, the most similar first, and how many were
// compared.
func (s *Service) nearest(tx *store.Tx, t *table, v types.VectorIndexDescription, wanted []float64, terms map[string]expr.Value, most int) ([]match, int, error) {
	var all []match
	for _, b := range s.items.Prefix(tx, s.prefix(t, "")) {
		item, err := decodeItem(b)
		if err != nil {
			return nil, 0, err
		}
		vector, fits := indexed(v, item), true
		for name, value := range terms {
			fits = fits && item[name] != nil && expr.Equal(item[name], value)
		}
		if vector != nil && fits {
			all = append(all, match{item, score(v.DistanceFunction, wanted, vector)})
		}
	}
	slices.SortStableFunc(all, func(a, b match) int {
		if v.DistanceFunction == types.VectorDistanceFunctionDotProduct {
			a, b = b, a
		}
		return cmp.Compare(a.score, b.score)
	})
	return all[:min(most, len(all))], len(all), nil
}

// indexed is the vector of an item that the index has; nil for others, such as those
// without its partition key.
func indexed(v types.VectorIndexDescription, item expr.Item) []float64 {
	for _, e := range v.SearchSchema {
		if e.SearchSchemaElementType == types.SearchSchemaElementTypeHash && item[aws.ToString(e.AttributeName)] == nil {
			return nil
		}
	}
	return vectorOf(item[aws.ToString(v.VectorAttribute.AttributeName)], *v.Dimensions)
}

// projected is what the index has of an item.
func (t *table) projected(v types.VectorIndexDescription, item expr.Item) expr.Item {
	part := expr.Item{}
	names := slices.Concat(keyNames(t.Desc.KeySchema), searchNames(v.SearchSchema), v.Projection.NonKeyAttributes, []string{aws.ToString(v.VectorAttribute.AttributeName)})
	for name, value := range item {
		if v.Projection.ProjectionType == types.ProjectionTypeAll || slices.Contains(names, name) {
			part[name] = value
		}
	}
	return part
}
