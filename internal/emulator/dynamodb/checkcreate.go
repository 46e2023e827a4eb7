package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	maxLocal    = 5
	maxGlobal   = 20
	maxCapacity = 1_000_000_000_000
)

// checkCreate checks a CreateTable request in AWS's order.
func checkCreate(in *dynamodb.CreateTableInput) error {
	if len(in.KeySchema) == 0 {
		return parameter("Missing required parameter in input: \"KeySchema\"")
	}
	if len(in.KeySchema) > 2 {
		var elements []string
		for _, e := range in.KeySchema {
			elements = append(elements, fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", aws.ToString(e.AttributeName), e.KeyType))
		}
		return invalid("1 validation error detected: Value '[%s]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2", strings.Join(elements, ", "))
	}
	if in.AttributeDefinitions == nil {
		return parameter("Missing required parameter in input: \"AttributeDefinitions\"")
	}
	if err := checkBilling(in.BillingMode, in.ProvisionedThroughput); err != nil {
		return err
	}
	definitions := definedNames(in.AttributeDefinitions)
	if repeated(definitions) {
		return parameter("Cannot have two attributes with the same name")
	}
	if err := checkKeys(in.KeySchema, definitions); err != nil {
		return err
	}
	used := keyNames(in.KeySchema)
	if in.LocalSecondaryIndexes == nil && in.GlobalSecondaryIndexes == nil && in.VectorIndexes == nil && len(used) != len(definitions) {
		return parameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	names := map[string]bool{}
	if err := checkLocal(in, definitions, names); err != nil {
		return err
	}
	if err := checkGlobal(in, definitions, names); err != nil {
		return err
	}
	var vectors []types.VectorIndexDescription
	if len(in.VectorIndexes) > 0 && in.BillingMode != types.BillingModePayPerRequest {
		return parameter(unvectored)
	}
	for _, v := range in.VectorIndexes {
		if names[aws.ToString(v.IndexName)] {
			return parameter("Duplicate index name: %s", aws.ToString(v.IndexName))
		}
		if err := checkVector(v, definitions, keyNames(in.KeySchema), vectors); err != nil {
			return err
		}
		vectors = append(vectors, (&table{}).newVector(v))
		used = append(used, searchNames(v.SearchSchema)...)
	}
	for _, l := range in.LocalSecondaryIndexes {
		used = append(used, keyNames(l.KeySchema)...)
	}
	for _, g := range in.GlobalSecondaryIndexes {
		used = append(used, keyNames(g.KeySchema)...)
	}
	if err := checkUsed(definitions, used); err != nil {
		return err
	}
	if err := checkEncryption(in.SSESpecification); err != nil {
		return err
	}
	if err := checkStream(in.StreamSpecification); err != nil {
		return err
	}
	return checkTags(in.Tags)
}

// checkEncryption checks that encryption with a key in KMS is what is meant: the
// enumeration's other value has never been one that DynamoDB accepts.
func checkEncryption(spec *types.SSESpecification) error {
	switch {
	case spec == nil:
		return nil
	case !aws.ToBool(spec.Enabled) && spec.SSEType != "":
		return parameter("SSEType can not be specified if Enabled is false")
	case !aws.ToBool(spec.Enabled) && spec.KMSMasterKeyId != nil:
		return parameter("KMSMasterKeyId can not be specified if Enabled is false")
	case spec.SSEType != "" && spec.SSEType != types.SSETypeKms:
		return parameter("SSEType %s is not supported", spec.SSEType)
	case spec.KMSMasterKeyId != nil && spec.SSEType == "":
		return parameter("SSEType KMS is required if KMSMasterKeyId is specified")
	}
	return nil
}

func checkBilling(mode types.BillingMode, p *types.ProvisionedThroughput) error {
	if mode == types.BillingModePayPerRequest {
		if p != nil {
			return parameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		return nil
	}
	if p == nil {
		return parameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	return checkCapacity(p, "")
}

func checkCapacity(p *types.ProvisionedThroughput, suffix string) error {
	if n := aws.ToInt64(p.ReadCapacityUnits); n > maxCapacity {
		return invalid("Given value %d for ReadCapacityUnits is out of bounds%s", n, suffix)
	}
	if n := aws.ToInt64(p.WriteCapacityUnits); n > maxCapacity {
		return invalid("Given value %d for WriteCapacityUnits is out of bounds%s", n, suffix)
	}
	return nil
}

func definedNames(definitions []types.AttributeDefinition) []string {
	var names []string
	for _, d := range definitions {
		names = append(names, aws.ToString(d.AttributeName))
	}
	return names
}

func keyNames(schema []types.KeySchemaElement) []string {
	var names []string
	for _, e := range schema {
		names = append(names, aws.ToString(e.AttributeName))
	}
	return names
}

// checkKeys checks the key of a table.
func checkKeys(schema []types.KeySchemaElement, definitions []string) error {
	keys := keyNames(schema)
	undefined := slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(definitions, k) })
	switch {
	case undefined && len(keys) > 1:
		return invalid("Invalid KeySchema: Some index key attribute have no definition")
	case undefined:
		return undefinedKeys(keys, definitions)
	}
	return checkShape(schema, 1)
}

func undefinedKeys(keys, definitions []string) error {
	return parameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
		strings.Join(keys, ", "), strings.Join(definitions, ", "))
}

// checkShape checks that up to most HASH elements, and then as many RANGE elements,
// make a key. Global secondary indexes have up to four of each, all others one.
func checkShape(schema []types.KeySchemaElement, most int) error {
	keys := keyNames(schema)
	if most == 1 && len(keys) == 2 && keys[0] == keys[1] {
		return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	}
	if repeated(keys) {
		return invalid("Invalid KeySchema: Duplicate attribute names in the KeySchema")
	}
	if schema[0].KeyType != types.KeyTypeHash {
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	hashes := 0
	for hashes < len(schema) && schema[hashes].KeyType == types.KeyTypeHash {
		hashes++
	}
	for _, e := range schema[min(hashes, most):] {
		if e.KeyType != types.KeyTypeRange {
			return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		}
	}
	if len(schema)-hashes > most {
		return invalid("Invalid KeySchema: The KeySchema has more than %d RANGE key elements", most)
	}
	return nil
}

// checkIndex checks what all indexes have in common.
func checkIndex(name *string, schema []types.KeySchemaElement, projection *types.Projection, definitions []string, most int) error {
	if len(schema) == 0 {
		return parameter("Missing required parameter in input: \"KeySchema\"")
	}
	keys := keyNames(schema)
	if slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(definitions, k) }) {
		return undefinedKeys(keys, definitions)
	}
	if err := checkShape(schema, most); err != nil {
		return err
	}
	switch {
	case projection == nil || projection.ProjectionType == "":
		return parameter("Unknown ProjectionType: null")
	case projection.NonKeyAttributes != nil && projection.ProjectionType != types.ProjectionTypeInclude:
		return parameter("ProjectionType is %s, but NonKeyAttributes is specified", projection.ProjectionType)
	case projection.NonKeyAttributes == nil && projection.ProjectionType == types.ProjectionTypeInclude:
		return parameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	if name == nil {
		return parameter("Missing required parameter in input: \"IndexName\"")
	}
	return nil
}

func checkLocal(in *dynamodb.CreateTableInput, definitions []string, names map[string]bool) error {
	if in.LocalSecondaryIndexes == nil {
		return nil
	}
	if len(in.LocalSecondaryIndexes) == 0 {
		return parameter("List of LocalSecondaryIndexes is empty")
	}
	if len(in.KeySchema) != 2 {
		return parameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	hash := aws.ToString(in.KeySchema[0].AttributeName)
	for _, l := range in.LocalSecondaryIndexes {
		name := aws.ToString(l.IndexName)
		if err := checkIndex(l.IndexName, l.KeySchema, l.Projection, definitions, 1); err != nil {
			return err
		}
		if len(l.KeySchema) != 2 {
			return parameter("Index KeySchema does not have a range key for index: %s", name)
		}
		if own := aws.ToString(l.KeySchema[0].AttributeName); own != hash {
			return parameter("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", name, own, hash)
		}
		if names[name] {
			return parameter("Duplicate index name: %s", name)
		}
		names[name] = true
	}
	if len(in.LocalSecondaryIndexes) > maxLocal {
		return parameter("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocal)
	}
	return nil
}

func checkGlobal(in *dynamodb.CreateTableInput, definitions []string, names map[string]bool) error {
	if in.GlobalSecondaryIndexes == nil {
		return nil
	}
	if len(in.GlobalSecondaryIndexes) == 0 {
		return parameter("List of GlobalSecondaryIndexes is empty")
	}
	for _, g := range in.GlobalSecondaryIndexes {
		name := aws.ToString(g.IndexName)
		if err := checkIndex(g.IndexName, g.KeySchema, g.Projection, definitions, 4); err != nil {
			return err
		}
		if names[name] {
			return parameter("Duplicate index name: %s", name)
		}
		names[name] = true
		if err := checkIndexBilling(in.BillingMode == types.BillingModePayPerRequest, name, g.ProvisionedThroughput); err != nil {
			return err
		}
	}
	if len(in.GlobalSecondaryIndexes) > maxGlobal {
		return parameter("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobal)
	}
	return nil
}

func checkIndexBilling(onDemand bool, name string, p *types.ProvisionedThroughput) error {
	switch {
	case onDemand && p != nil:
		return parameter("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", name)
	case !onDemand && p == nil:
		return parameter("ProvisionedThroughput is not specified for index: %s", name)
	case p != nil:
		return checkCapacity(p, " for index "+name)
	}
	return nil
}

// checkUsed checks that each defined attribute is part of a key.
func checkUsed(definitions, used []string) error {
	if !slices.ContainsFunc(definitions, func(d string) bool { return !slices.Contains(used, d) }) {
		return nil
	}
	slices.Sort(used)
	return parameter("Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]",
		strings.Join(definitions, ", "), strings.Join(slices.Compact(used), ", "))
}

func checkStream(spec *types.StreamSpecification) error {
	switch {
	case spec == nil:
	case aws.ToBool(spec.StreamEnabled) && spec.StreamViewType == "":
		return parameter("Table is being created with a stream enabled, UpdateViewType is required")
	case !aws.ToBool(spec.StreamEnabled) && spec.StreamViewType != "":
		return parameter("Table is being created with a stream disabled, UpdateViewType should not be specified")
	}
	return nil
}
