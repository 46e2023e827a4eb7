package dynamodb

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A global table with multi-Region strong consistency is in exactly three regions,
// of which one may be a witness, which has no table. It is made of an empty table,
// and dissolved, in one request. Writes are in all regions at once here anyway, so
// that only its rules differ from those of other global tables.

// strongRegions are where it can be.
var strongRegions = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "us-east-1", "us-east-2", "us-west-2",
}

func lastTwo() error {
	return invalid("Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to STRONG.")
}

// witnessUpdate is the region of a witness that is to be made or deleted; AWS's
// model allows one update.
func witnessUpdate(in *dynamodb.UpdateTableInput) (create, drop string) {
	for _, u := range in.GlobalTableWitnessUpdates {
		if u.Create != nil {
			create = aws.ToString(u.Create.RegionName)
		}
		if u.Delete != nil {
			drop = aws.ToString(u.Delete.RegionName)
		}
	}
	return create, drop
}

// regroupStrong carries out ReplicaUpdates that make or dissolve a table with strong
// consistency; done is false where the request is of another kind.
func (s *Service) regroupStrong(ctx context.Context, tx *store.Tx, t *table, in *dynamodb.UpdateTableInput, unscaled error) (done bool, err error) {
	witness, gone := witnessUpdate(in)
	creates := in.ReplicaUpdates[0].Create != nil
	switch mode := in.MultiRegionConsistency; {
	case witness != "" && mode != types.MultiRegionConsistencyStrong:
		return false, invalid("MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.")
	case mode != "" && !creates:
		return false, invalid("Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.")
	case mode == types.MultiRegionConsistencyStrong:
		return true, s.makeStrong(tx, t, in, witness, unscaled)
	case mode != "" && len(t.Replicas) > 0:
		return false, invalid("MultiRegionConsistency parameter is unsupported on existing global table")
	case !t.Strong && gone != "":
		return false, noWitness(gone)
	case !t.Strong:
		return false, nil
	case creates:
		return false, invalid("Cannot add replicas to a global table with strong MultiRegionConsistency")
	}
	return true, s.dissolve(ctx, tx, t, in, gone)
}

func noWitness(region string) error {
	return invalid("Update global table operation failed because one or more witnesses were not part of the global table. Please retry the request without these witnesses: [%s].", region)
}

func (s *Service) makeStrong(tx *store.Tx, t *table, in *dynamodb.UpdateTableInput, witness string, unscaled error) error {
	regions := []string{}
	for _, u := range in.ReplicaUpdates {
		regions = append(regions, aws.ToString(u.Create.RegionName))
	}
	if witness != "" {
		regions = append(regions, witness)
	}
	if len(regions) != 2 {
		return invalid("Unsupported replica count for global tables with MultiRegionConsistency set to STRONG.")
	}
	for _, r := range append(regions, t.region()) {
		if !slices.Contains(strongRegions, r) {
			return invalid("Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [%s].", r)
		}
	}
	switch {
	case regions[0] == regions[1]:
		return invalid("Cannot target multiple regions with the same action")
	case witness == t.region():
		return invalid("Cannot add a witness in the same region as an existing replica when creating a global table with MultiRegionConsistency set to STRONG.")
	case len(t.Replicas) > 0:
		return invalid("MultiRegionConsistency parameter is unsupported on existing global table")
	case len(t.Desc.LocalSecondaryIndexes) > 0:
		return invalid("Local secondary indexes are not supported for global tables with MultiRegionConsistency set to STRONG.")
	case t.TTL != "":
		return invalid("Time to live is not supported for global tables with MultiRegionConsistency set to STRONG.")
	}
	for range s.items.Prefix(tx, s.prefix(t, "")) {
		return invalid("The table must be empty to create a global table with MultiRegionConsistency set to STRONG.")
	}
	for _, u := range in.ReplicaUpdates {
		if err := s.addReplica(tx, t, u.Create, unscaled); err != nil {
			return err
		}
	}
	if witness != "" {
		t.NewReplicas = append(slices.Clone(t.NewReplicas), witness)
	}
	t.Strong, t.Witness = true, witness
	for _, o := range s.replicas(tx, t) {
		o.Strong, o.Witness = true, witness
		s.tables.Put(tx, t.replicaKey(o.region()), o)
	}
	return nil
}

// dissolve leaves the table of this region alone.
func (s *Service) dissolve(ctx context.Context, tx *store.Tx, t *table, in *dynamodb.UpdateTableInput, witness string) error {
	for _, u := range in.ReplicaUpdates {
		if region := aws.ToString(u.Delete.RegionName); t.replicaAt(region) < 0 {
			return noMember(region)
		}
	}
	switch {
	case witness != "" && witness != t.Witness:
		return noWitness(witness)
	case len(in.ReplicaUpdates) < len(t.Replicas):
		return lastTwo()
	case witness == "" && t.Witness != "":
		return invalid("Update table delete operation does not include all witnesses.")
	}
	for _, o := range s.replicas(tx, t) {
		o.Strong, o.Witness = false, "" // so that they may go one after the other
		s.tables.Put(tx, t.replicaKey(o.region()), o)
	}
	t.Strong, t.Witness = false, ""
	for _, u := range in.ReplicaUpdates {
		if err := s.dropReplica(ctx, tx, t, aws.ToString(u.Delete.RegionName)); err != nil {
			return err
		}
	}
	return nil
}

// checkStrong refuses what a table with strong consistency cannot do.
func (t *table) checkStrong(what string) error {
	if !t.Strong {
		return nil
	}
	return invalid("%s not supported for global tables with MultiRegionConsistency set to STRONG.", what)
}
