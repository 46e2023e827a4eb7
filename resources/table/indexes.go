package table

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// rebuilt reports whether the index must be made anew: DynamoDB can change
// nothing of an index but its capacity.
func rebuilt(a, b globalIndex) bool {
	return !a.key().same(b.key()) || !a.Projection.same(b.Projection)
}

// kept are the indexes that are neither dropped nor rebuilt.
func kept(prior, m *model) map[string]globalIndex {
	all := maps.Clone(prior.GlobalIndexes)
	maps.DeleteFunc(all, func(name string, i globalIndex) bool {
		next, ok := m.GlobalIndexes[name]
		return !ok || rebuilt(i, next)
	})
	return all
}

func dropIndexes(ctx context.Context, c *Clients, prior, m *model) error {
	stay := kept(prior, m)
	for _, name := range slices.Sorted(maps.Keys(prior.GlobalIndexes)) {
		if _, ok := stay[name]; ok {
			continue
		}
		err := change(ctx, c, m, &dynamodb.UpdateTableInput{GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{
			Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String(name)},
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

// indexUpdates are the changes of the indexes that stay, by a function that fills
// one in and reports whether there is any.
func indexUpdates(prior, m *model, fill func(name string, u *types.UpdateGlobalSecondaryIndexAction) bool) []types.GlobalSecondaryIndexUpdate {
	var all []types.GlobalSecondaryIndexUpdate
	for _, name := range slices.Sorted(maps.Keys(kept(prior, m))) {
		u := &types.UpdateGlobalSecondaryIndexAction{IndexName: aws.String(name)}
		if fill(name, u) {
			all = append(all, types.GlobalSecondaryIndexUpdate{Update: u})
		}
	}
	return all
}

// indexLimits are the changes of the indexes' limits on demand.
func indexLimits(prior, m *model) []types.GlobalSecondaryIndexUpdate {
	return indexUpdates(prior, m, func(name string, u *types.UpdateGlobalSecondaryIndexAction) bool {
		u.OnDemandThroughput = m.capacityOf(m.GlobalIndexes[name]).changedLimits(prior.capacityOf(prior.GlobalIndexes[name]))
		return u.OnDemandThroughput != nil
	})
}

// unitsNow is the provisioned capacity that there is before a change: of the table,
// by the name "", and of its indexes. It is in the state, unless something scaled.
func unitsNow(ctx context.Context, c *Clients, prior, m *model) (map[string]*types.ProvisionedThroughput, error) {
	all := map[string]*types.ProvisionedThroughput{}
	if !prior.Capacity.provisioned() || !m.Capacity.provisioned() {
		return all, nil
	}
	all[""] = prior.Capacity.throughput(nil)
	for name, i := range prior.GlobalIndexes {
		all[name] = prior.capacityOf(i).throughput(nil)
	}
	if len(prior.scaling(prior.GlobalIndexes)) == 0 && len(m.scaling(m.GlobalIndexes)) == 0 {
		return all, nil
	}
	out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return nil, err
	}
	found := func(p *types.ProvisionedThroughputDescription) *types.ProvisionedThroughput {
		if p == nil {
			return nil
		}
		return &types.ProvisionedThroughput{ReadCapacityUnits: p.ReadCapacityUnits, WriteCapacityUnits: p.WriteCapacityUnits}
	}
	all[""] = found(out.Table.ProvisionedThroughput)
	for _, i := range out.Table.GlobalSecondaryIndexes {
		all[aws.ToString(i.IndexName)] = found(i.ProvisionedThroughput)
	}
	return all, nil
}

func addIndexes(ctx context.Context, c *Clients, prior, m *model) error {
	have := kept(prior, m)
	if have == nil {
		have = map[string]globalIndex{}
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		if _, ok := have[name]; ok {
			continue
		}
		i := m.GlobalIndexes[name]
		have[name] = i
		err := change(ctx, c, m, &dynamodb.UpdateTableInput{
			AttributeDefinitions: m.definitions(have, keptVectors(prior, m)),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String(name), KeySchema: i.key().elements(), Projection: i.Projection.sent(),
				ProvisionedThroughput: m.capacityOf(i).throughput(nil), OnDemandThroughput: m.capacityOf(i).newLimits(), WarmThroughput: i.Warm.sent(),
			}}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
