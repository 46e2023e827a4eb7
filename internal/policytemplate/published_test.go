package policytemplate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// published is what SAM's templates are in aws-sam-translator 1.115.0: of each its name,
// a digest of what it allows, and its parameters. The digest is of lines of an action, a
// resource and a condition, sorted, with each parameter's name in angle brackets for its
// value.
const published = `
AMIDescribePolicy e4d699d1ae96cd4f
AWSSecretsManagerGetSecretValuePolicy 7cfb628e7770faa2 SecretArn
AWSSecretsManagerRotationPolicy 32de3c0b32ff2306 FunctionName
AcmGetCertificatePolicy 8733e3a1f17a5cdb CertificateArn
AthenaQueryPolicy 1b3fc9dce36c506c WorkGroupName
CloudFormationDescribeStacksPolicy 54c6a15510a88996
CloudWatchDashboardPolicy 72745d03fd073a61
CloudWatchDescribeAlarmHistoryPolicy 4ca30130298b0d15
CloudWatchPutMetricPolicy e95a7a2b0b6a251a
CodeCommitCrudPolicy 830779105bdd5e27 RepositoryName
CodeCommitReadPolicy dc05776ed554e93e RepositoryName
CodePipelineLambdaExecutionPolicy 93f316e3cb00c3d3
CodePipelineReadOnlyPolicy 460d9dc3973679ac PipelineName
ComprehendBasicAccessPolicy eaf00d3a1942063e
CostExplorerReadOnlyPolicy 5f27d15ccfdd21c5
DynamoDBBackupFullAccessPolicy 179272a4b49907fe TableName
DynamoDBCrudPolicy 3063915281944f85 TableName
DynamoDBReadPolicy 3e0ecaf4f1c580f1 TableName
DynamoDBReconfigurePolicy 6caecb11819fee19 TableName
DynamoDBRestoreFromBackupPolicy 0e521161fe6421ef TableName
DynamoDBStreamReadPolicy fcff635a060d5055 StreamName TableName
DynamoDBWritePolicy 66b7686a736f0433 TableName
EC2CopyImagePolicy 3899d5d54b7a5e2a ImageId
EC2DescribePolicy c0f81400c2bdf6ae
EFSWriteAccessPolicy 6017f389e3a79b59 AccessPoint FileSystem
EKSDescribePolicy 2a3cebf6ae51107b
EcsRunTaskPolicy 27bc41f02190d2f1 TaskDefinition
ElasticMapReduceAddJobFlowStepsPolicy 782b68a7cb32fa74 ClusterId
ElasticMapReduceCancelStepsPolicy 3c8a7184af93cdfa ClusterId
ElasticMapReduceModifyInstanceFleetPolicy 4da8890a6aecb175 ClusterId
ElasticMapReduceModifyInstanceGroupsPolicy f5b70697ecb6da0c ClusterId
ElasticMapReduceSetTerminationProtectionPolicy 47e375077ab7fcae ClusterId
ElasticMapReduceTerminateJobFlowsPolicy aa07f85d7215e683 ClusterId
ElasticsearchHttpPostPolicy 2f5aa4c71b67445e DomainName
EventBridgePutEventsPolicy cd9186464ac91b54 EventBusName
FilterLogEventsPolicy cbcbb49d9c63f50c LogGroupName
FirehoseCrudPolicy 8d0a9ca3d341a9da DeliveryStreamName
FirehoseWritePolicy cc1e6f3babeb1c56 DeliveryStreamName
KMSDecryptPolicy a117c6d03a8c57b0 KeyId
KMSEncryptPolicy d173491c90d76d7a KeyId
KMSEncryptPolicy_v2 760bd57ee18ec11e KeyId
KinesisCrudPolicy 55d035841af23935 StreamName
KinesisStreamReadPolicy 89de7a44202b5885 StreamName
LambdaInvokePolicy 772237942c62304f FunctionName
MobileAnalyticsWriteOnlyAccessPolicy 493d788b417693b1
OrganizationsListAccountsPolicy 8ef64b1bc0e60da7
PinpointEndpointAccessPolicy b72483e9962812c7 PinpointApplicationId
PollyFullAccessPolicy aeba8685524841ed LexiconName
RekognitionDetectOnlyPolicy 445a0be38b359f1d
RekognitionFacesManagementPolicy fd0b7fa110659a2d CollectionId
RekognitionFacesPolicy 7bb769ce98596edb
RekognitionLabelsPolicy 75ecdbd767018e88
RekognitionNoDataAccessPolicy ace96fc2fcbe6f35 CollectionId
RekognitionReadPolicy bf07cc1db586d82f CollectionId
RekognitionWriteOnlyAccessPolicy 0cd3e5df17120481 CollectionId
Route53ChangeResourceRecordSetsPolicy b23e0bec1e0e7442 HostedZoneId
S3CrudPolicy 022b831162806e49 BucketName
S3FullAccessPolicy ab8d697ec6f48b66 BucketName
S3ReadPolicy 5afeb2c7c08a790e BucketName
S3WritePolicy d0b08f8762b5c1f2 BucketName
SESBulkTemplatedCrudPolicy 2ff7e54275a38505 IdentityName
SESBulkTemplatedCrudPolicy_v2 8146f48a0ac92237 IdentityName TemplateName
SESCrudPolicy c7f401788d9640df IdentityName
SESEmailTemplateCrudPolicy 0536f8b35845faf9
SESSendBouncePolicy 477889fc691e256e IdentityName
SNSCrudPolicy 6848941ee529f2e0 TopicName
SNSPublishMessagePolicy f8e11e4e4c207e9a TopicName
SQSPollerPolicy 054285cde5f11ddf QueueName
SQSSendMessagePolicy bff4a8d8de342bf8 QueueName
SSMParameterReadPolicy 5e8f95239e0a092e ParameterName
SSMParameterWithSlashPrefixReadPolicy b5ab42dd95c9c469 ParameterName
SageMakerCreateEndpointConfigPolicy d26d1d216f504415 EndpointConfigName
SageMakerCreateEndpointPolicy 33da3887180de0cb EndpointName
ServerlessRepoReadWriteAccessPolicy 0398b9607049690e
StepFunctionsCallbackPolicy 6fc20051441cfbe7 StateMachineName
StepFunctionsExecutionPolicy 2f4abe369dd814ff StateMachineName
StepFunctionsExecutionPolicy_v2 a19823daa7fabdfa StateMachineName
TextractDetectAnalyzePolicy 7911285d49207003
TextractGetResultPolicy 799355a4163fa076
TextractPolicy cdd340489e78d94b
VPCAccessPolicy 0e1cf9ac075d8a6b
`

// TestPublished compares every template, with every parameter, with what SAM publishes.
func TestPublished(t *testing.T) {
	var names []string
	for line := range strings.Lines(strings.TrimSpace(published)) {
		row := strings.Fields(line)
		names = append(names, row[0])
		found, err := Find(row[0])
		if err != nil {
			t.Error(err)
			continue
		}
		if !slices.Equal(found.Parameters, row[2:]) {
			t.Errorf("%s takes %v, want %v", row[0], found.Parameters, row[2:])
		}
		values := map[string]string{}
		for _, p := range found.Parameters {
			values[p] = "<" + p + ">"
		}
		all, err := found.Statements(values, here)
		if err != nil {
			t.Error(err)
			continue
		}
		lines := allowed(all)
		sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
		if got := hex.EncodeToString(sum[:8]); got != row[1] {
			t.Errorf("%s is %s, want %s; it allows\n%s", row[0], got, row[1], strings.Join(lines, "\n"))
		}
		// Each parameter counts: without it, or with it empty, there is no policy.
		for _, p := range found.Parameters {
			values[p] = ""
			if _, err := found.Statements(values, here); err == nil || !strings.Contains(err.Error(), p) {
				t.Errorf("%s with an empty %s: got %v", row[0], p, err)
			}
			delete(values, p)
			if _, err := found.Statements(values, here); err == nil || !strings.Contains(err.Error(), p) {
				t.Errorf("%s without %s: got %v", row[0], p, err)
			}
			values[p] = "<" + p + ">"
		}
	}
	if !slices.Equal(Names(), names) {
		t.Errorf("got the templates %v, want %v", Names(), names)
	}
}

// allowed are the lines that a digest is of.
func allowed(all []Statement) []string {
	var lines []string
	for _, s := range all {
		condition := ""
		for operator, keys := range s.Condition {
			for key, value := range keys {
				condition += fmt.Sprintf(" %s %s %s", operator, key, value)
			}
		}
		for _, a := range s.Actions {
			for _, r := range s.Resources {
				lines = append(lines, a+" "+r+condition)
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
