package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Global tables of the version 2017.11.29 can no longer be made at AWS, so there are
// none; this is what its operations still answer. Those of today are replicas.

func noGlobalTable(name *string) error {
	return &types.GlobalTableNotFoundException{Message: aws.String("Global table with name: '" + aws.ToString(name) + "' does not exist.")}
}

// CreateGlobalTable implements the operation of that name.
func (s *Service) CreateGlobalTable(context.Context, *dynamodb.CreateGlobalTableInput) (*dynamodb.CreateGlobalTableOutput, error) {
	return nil, parameter("DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).")
}

// DescribeGlobalTable implements the operation of that name.
func (s *Service) DescribeGlobalTable(_ context.Context, in *dynamodb.DescribeGlobalTableInput) (*dynamodb.DescribeGlobalTableOutput, error) {
	return nil, noGlobalTable(in.GlobalTableName)
}

// DescribeGlobalTableSettings implements the operation of that name.
func (s *Service) DescribeGlobalTableSettings(_ context.Context, in *dynamodb.DescribeGlobalTableSettingsInput) (*dynamodb.DescribeGlobalTableSettingsOutput, error) {
	return nil, noGlobalTable(in.GlobalTableName)
}

// ListGlobalTables implements the operation of that name.
func (s *Service) ListGlobalTables(context.Context, *dynamodb.ListGlobalTablesInput) (*dynamodb.ListGlobalTablesOutput, error) {
	return &dynamodb.ListGlobalTablesOutput{GlobalTables: []types.GlobalTable{}}, nil
}

// UpdateGlobalTable implements the operation of that name.
func (s *Service) UpdateGlobalTable(_ context.Context, in *dynamodb.UpdateGlobalTableInput) (*dynamodb.UpdateGlobalTableOutput, error) {
	return nil, noGlobalTable(in.GlobalTableName)
}

// UpdateGlobalTableSettings implements the operation of that name.
func (s *Service) UpdateGlobalTableSettings(_ context.Context, in *dynamodb.UpdateGlobalTableSettingsInput) (*dynamodb.UpdateGlobalTableSettingsOutput, error) {
	return nil, noGlobalTable(in.GlobalTableName)
}
