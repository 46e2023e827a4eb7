package dynamodb

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// reindex makes, changes and deletes global secondary indexes: any number are
// changed in one call, but only one is made or deleted.
func (s *Service) reindex(tx *store.Tx, t *table, in *dynamodb.UpdateTableInput) error {
	if err := checkIndexUpdates(in.GlobalSecondaryIndexUpdates); err != nil {
		return err
	}
	definitions := mergedDefinitions(t.Desc.AttributeDefinitions, in.AttributeDefinitions)
	t.Desc.AttributeDefinitions = definitions
	t.Desc.GlobalSecondaryIndexes = slices.Clone(t.Desc.GlobalSecondaryIndexes)
	for _, u := range in.GlobalSecondaryIndexUpdates {
		var err error
		switch {
		case u.Create != nil:
			err = s.makeIndex(tx, t, *u.Create)
		case u.Update != nil:
			err = t.changeIndex(*u.Update, in.BillingMode != "")
		default:
			err = s.dropIndex(tx, t, aws.ToString(u.Delete.IndexName))
		}
		if err != nil {
			return err
		}
	}
	if in.AttributeDefinitions != nil {
		if err := checkUsed(definedNames(in.AttributeDefinitions), t.keyNames()); err != nil {
			return err
		}
	}
	used := t.keyNames()
	t.Desc.AttributeDefinitions = slices.DeleteFunc(definitions, func(d types.AttributeDefinition) bool {
		return !slices.Contains(used, aws.ToString(d.AttributeName))
	})
	return t.checkBilled()
}

// checkBilled checks that each index has throughput where the table has.
func (t *table) checkBilled() error {
	if t.onDemand() {
		return nil
	}
	for _, g := range t.Desc.GlobalSecondaryIndexes {
		if aws.ToInt64(g.ProvisionedThroughput.ReadCapacityUnits) == 0 {
			return parameter("ProvisionedThroughput is not specified for index: %s", aws.ToString(g.IndexName))
		}
	}
	return nil
}

// keyNames are the attributes of all keys of the table.
func (t *table) keyNames() []string {
	names := keyNames(t.Desc.KeySchema)
	for _, l := range t.Desc.LocalSecondaryIndexes {
		names = append(names, keyNames(l.KeySchema)...)
	}
	for _, g := range t.Desc.GlobalSecondaryIndexes {
		names = append(names, keyNames(g.KeySchema)...)
	}
	for _, v := range t.Desc.VectorIndexes {
		names = append(names, searchNames(v.SearchSchema)...)
	}
	return names
}

// mergedDefinitions adds what is new to definitions, in a new slice.
func mergedDefinitions(was, more []types.AttributeDefinition) []types.AttributeDefinition {
	merged := slices.Clone(was)
	for _, d := range more {
		i := slices.IndexFunc(merged, func(e types.AttributeDefinition) bool {
			return aws.ToString(e.AttributeName) == aws.ToString(d.AttributeName)
		})
		if i < 0 {
			merged = append(merged, d)
		}
	}
	return merged
}

func checkIndexUpdates(updates []types.GlobalSecondaryIndexUpdate) error {
	online := 0
	names := map[string]bool{}
	for _, u := range updates {
		var name *string
		set := 0
		if u.Create != nil {
			set, name = set+1, u.Create.IndexName
		}
		if u.Update != nil {
			set, name = set+1, u.Update.IndexName
		}
		if u.Delete != nil {
			set, name = set+1, u.Delete.IndexName
		}
		switch {
		case set == 0:
			return parameter("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		case set > 1:
			return parameter("Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object")
		case names[aws.ToString(name)]:
			return parameter("Only one global secondary index update per index is allowed simultaneously. Index: %s", aws.ToString(name))
		}
		names[aws.ToString(name)] = true
		if u.Update == nil {
			online++
		}
	}
	if online > 1 {
		return &types.LimitExceededException{Message: aws.String("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")}
	}
	return nil
}

// indexAt is the position of a global secondary index, or -1.
func (t *table) indexAt(name string) int {
	return slices.IndexFunc(t.Desc.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool {
		return aws.ToString(g.IndexName) == name
	})
}

// noIndex is the error for a change of an index that is not there, or is a local one.
func (t *table) noIndex(name, action string) error {
	if slices.ContainsFunc(t.Desc.LocalSecondaryIndexes, func(l types.LocalSecondaryIndexDescription) bool { return aws.ToString(l.IndexName) == name }) {
		return invalid("Cannot %s an index that is not a GlobalSecondaryIndex: %s", action, name)
	}
	return &types.ResourceNotFoundException{Message: aws.String("Requested resource not found: Index " + name + " for table " + t.name())}
}

func (s *Service) makeIndex(tx *store.Tx, t *table, c types.CreateGlobalSecondaryIndexAction) error {
	name := aws.ToString(c.IndexName)
	if slices.ContainsFunc(t.indexes(), func(x index) bool { return x.index == name }) {
		return invalid("Attempting to create an index which already exists")
	}
	if err := checkIndex(c.IndexName, c.KeySchema, c.Projection, definedNames(t.Desc.AttributeDefinitions), 4); err != nil {
		return err
	}
	if err := checkIndexBilling(t.onDemand(), name, c.ProvisionedThroughput); err != nil {
		return err
	}
	if len(t.Desc.GlobalSecondaryIndexes) >= maxGlobal {
		return parameter("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobal)
	}
	d := t.newIndex(c)
	t.Desc.GlobalSecondaryIndexes = append(t.Desc.GlobalSecondaryIndexes, d)
	t.NewIndex = name
	return s.backfill(tx, t, t.global(d))
}

// backfill lists the table's items in a new index.
func (s *Service) backfill(tx *store.Tx, t *table, x index) error {
	prefix, entries := s.prefix(t, ""), s.prefix(t, x.index)
	for key, b := range s.items.Prefix(tx, prefix) {
		item, err := decodeItem(b)
		if err != nil {
			return err
		}
		if x.lists(item) {
			path := key[len(prefix):]
			s.entries.Put(tx, entries+x.path(item)+path, path)
		}
	}
	return nil
}

func (t *table) changeIndex(u types.UpdateGlobalSecondaryIndexAction, rebilled bool) error {
	name := aws.ToString(u.IndexName)
	i := t.indexAt(name)
	if i < 0 {
		return t.noIndex(name, "update")
	}
	g := &t.Desc.GlobalSecondaryIndexes[i]
	if p := u.ProvisionedThroughput; p != nil {
		if err := checkIndexBilling(t.onDemand(), name, p); err != nil {
			return err
		}
		if sameCapacity(g.ProvisionedThroughput, p) && !rebilled {
			return unchanged("index "+name, p)
		}
		g.ProvisionedThroughput = recapacity(g.ProvisionedThroughput, p, t.Until)
	}
	g.OnDemandThroughput = limits(g.OnDemandThroughput, u.OnDemandThroughput)
	if u.WarmThroughput != nil || u.ProvisionedThroughput != nil {
		g.WarmThroughput = indexWarm(t.onDemand(), g.ProvisionedThroughput, u.WarmThroughput)
	}
	return nil
}

func (s *Service) dropIndex(tx *store.Tx, t *table, name string) error {
	i := t.indexAt(name)
	if i < 0 {
		return t.noIndex(name, "delete")
	}
	gone := t.Desc.GlobalSecondaryIndexes[i]
	t.GoneIndex = &gone
	t.Desc.GlobalSecondaryIndexes = slices.Delete(t.Desc.GlobalSecondaryIndexes, i, i+1)
	clearSet(tx, s.entries, s.prefix(t, name))
	return nil
}
