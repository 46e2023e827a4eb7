package statemachine

import (
	"net/url"
	"strings"
)

// right is what an optimized integration may do where the rights cannot be limited
// to what its arguments name: its call, what .sync needs beyond, and whether it
// hands on roles.
type right struct {
	call, sync []string
	passes     bool
}

var rights = map[string]right{
	"athena:startQueryExecution":                       {call: []string{"athena:GetDataCatalog", "athena:StartQueryExecution"}, sync: []string{"athena:GetQueryExecution", "athena:StopQueryExecution"}},
	"batch:submitJob":                                  {call: []string{"batch:SubmitJob"}, sync: []string{"batch:DescribeJobs", "batch:TerminateJob"}},
	"bedrock:createModelCustomizationJob":              {call: []string{"bedrock:CreateModelCustomizationJob"}, sync: []string{"bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"}, passes: true},
	"codebuild:retryBuildBatch":                        {call: []string{"codebuild:RetryBuildBatch"}, sync: []string{"codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"}},
	"codebuild:startBuild":                             {call: []string{"codebuild:StartBuild"}, sync: []string{"codebuild:BatchGetBuilds", "codebuild:StopBuild"}},
	"codebuild:startBuildBatch":                        {call: []string{"codebuild:StartBuildBatch"}, sync: []string{"codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"}},
	"codebuild:deleteBuildBatch":                       {call: []string{"codebuild:DeleteBuildBatch"}, sync: []string{"codebuild:BatchGetBuildBatches"}},
	"databrew:startJobRun":                             {call: []string{"databrew:StartJobRun"}, sync: []string{"databrew:ListJobRuns", "databrew:StopJobRun"}},
	"ecs:runTask":                                      {call: []string{"ecs:RunTask"}, sync: []string{"ecs:DescribeTasks", "ecs:StopTask"}, passes: true},
	"eks:createCluster":                                {call: []string{"eks:CreateCluster"}, sync: []string{"eks:DeleteCluster", "eks:DescribeCluster"}, passes: true},
	"eks:createFargateProfile":                         {call: []string{"eks:CreateFargateProfile"}, sync: []string{"eks:DeleteFargateProfile", "eks:DescribeFargateProfile"}, passes: true},
	"eks:createNodegroup":                              {call: []string{"eks:CreateNodegroup"}, sync: []string{"eks:DeleteNodegroup", "eks:DescribeNodegroup"}, passes: true},
	"eks:deleteCluster":                                {call: []string{"eks:DeleteCluster"}, sync: []string{"eks:DescribeCluster"}},
	"eks:deleteFargateProfile":                         {call: []string{"eks:DeleteFargateProfile"}, sync: []string{"eks:DescribeFargateProfile"}},
	"eks:deleteNodegroup":                              {call: []string{"eks:DeleteNodegroup"}, sync: []string{"eks:DescribeNodegroup"}},
	"eks:runJob":                                       {}, // the cluster's own rights count
	"elasticmapreduce:addStep":                         {call: []string{"elasticmapreduce:AddJobFlowSteps"}, sync: []string{"elasticmapreduce:CancelSteps", "elasticmapreduce:DescribeStep"}},
	"elasticmapreduce:cancelStep":                      {call: []string{"elasticmapreduce:CancelSteps"}},
	"elasticmapreduce:createCluster":                   {call: []string{"elasticmapreduce:RunJobFlow"}, sync: []string{"elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"}, passes: true},
	"elasticmapreduce:modifyInstanceFleetByName":       {call: []string{"elasticmapreduce:ListInstanceFleets", "elasticmapreduce:ModifyInstanceFleet"}},
	"elasticmapreduce:modifyInstanceGroupByName":       {call: []string{"elasticmapreduce:ListInstanceGroups", "elasticmapreduce:ModifyInstanceGroups"}},
	"elasticmapreduce:setClusterTerminationProtection": {call: []string{"elasticmapreduce:SetTerminationProtection"}},
	"elasticmapreduce:terminateCluster":                {call: []string{"elasticmapreduce:TerminateJobFlows"}, sync: []string{"elasticmapreduce:DescribeCluster"}},
	"emr-containers:deleteVirtualCluster":              {call: []string{"emr-containers:DeleteVirtualCluster"}, sync: []string{"emr-containers:DescribeVirtualCluster"}},
	"emr-containers:startJobRun":                       {call: []string{"emr-containers:StartJobRun"}, sync: []string{"emr-containers:CancelJobRun", "emr-containers:DescribeJobRun"}},
	"emr-serverless:cancelJobRun":                      {call: []string{"emr-serverless:CancelJobRun"}, sync: []string{"emr-serverless:GetJobRun"}},
	"emr-serverless:createApplication":                 {call: []string{"emr-serverless:CreateApplication"}, sync: []string{"emr-serverless:DeleteApplication", "emr-serverless:GetApplication"}},
	"emr-serverless:deleteApplication":                 {call: []string{"emr-serverless:DeleteApplication"}, sync: []string{"emr-serverless:GetApplication"}},
	"emr-serverless:startApplication":                  {call: []string{"emr-serverless:StartApplication"}, sync: []string{"emr-serverless:GetApplication", "emr-serverless:StopApplication"}},
	"emr-serverless:startJobRun":                       {call: []string{"emr-serverless:StartJobRun"}, sync: []string{"emr-serverless:CancelJobRun", "emr-serverless:GetJobRun"}, passes: true},
	"emr-serverless:stopApplication":                   {call: []string{"emr-serverless:StopApplication"}, sync: []string{"emr-serverless:GetApplication"}},
	"glue:startJobRun":                                 {call: []string{"glue:StartJobRun"}, sync: []string{"glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns"}},
	"mediaconvert:createJob":                           {call: []string{"mediaconvert:CreateJob"}, sync: []string{"mediaconvert:CancelJob", "mediaconvert:GetJob"}, passes: true},
	"sagemaker:createHyperParameterTuningJob":          {call: []string{"sagemaker:CreateHyperParameterTuningJob"}, sync: []string{"sagemaker:DescribeHyperParameterTuningJob", "sagemaker:StopHyperParameterTuningJob"}, passes: true},
	"sagemaker:createLabelingJob":                      {call: []string{"sagemaker:CreateLabelingJob"}, sync: []string{"sagemaker:DescribeLabelingJob", "sagemaker:StopLabelingJob"}, passes: true},
	"sagemaker:createModel":                            {call: []string{"sagemaker:CreateModel"}, passes: true},
	"sagemaker:createProcessingJob":                    {call: []string{"sagemaker:CreateProcessingJob"}, sync: []string{"sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"}, passes: true},
	"sagemaker:createTrainingJob":                      {call: []string{"sagemaker:CreateTrainingJob"}, sync: []string{"sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"}, passes: true},
	"sagemaker:createTransformJob":                     {call: []string{"sagemaker:CreateTransformJob"}, sync: []string{"sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"}},
}

// prefixes are how IAM calls the services that the SDK calls otherwise.
var prefixes = map[string]string{
	"accessanalyzer": "access-analyzer", "acmpca": "acm-pca", "apigatewaymanagementapi": "execute-api", "apigatewayv2": "apigateway",
	"appconfigdata": "appconfig", "applicationautoscaling": "application-autoscaling", "autoscalingplans": "autoscaling-plans",
	"bedrockagent": "bedrock", "bedrockagentruntime": "bedrock", "bedrockruntime": "bedrock", "cloudwatchevents": "events", "cloudwatchlogs": "logs",
	"cognitoidentity": "cognito-identity", "cognitoidentityprovider": "cognito-idp", "costexplorer": "ce", "databasemigration": "dms",
	"docdb": "rds", "dynamodbstreams": "dynamodb", "ecrpublic": "ecr-public", "efs": "elasticfilesystem", "elasticloadbalancingv2": "elasticloadbalancing",
	"elasticsearch": "es", "emr": "elasticmapreduce", "emrcontainers": "emr-containers", "emrserverless": "emr-serverless", "eventbridge": "events",
	"iotdataplane": "iot", "kinesisanalyticsv2": "kinesisanalytics", "lexruntimev2": "lex", "mwaa": "airflow", "neptune": "rds",
	"opensearch": "es", "pinpoint": "mobiletargeting", "rdsdata": "rds-data", "redshiftdata": "redshift-data", "resourcegroupstaggingapi": "tag",
	"s3control": "s3", "sagemakerruntime": "sagemaker", "sesv2": "ses", "sfn": "states", "ssmincidents": "ssm-incidents",
	"timestreamquery": "timestream", "timestreamwrite": "timestream",
}

// actionsOf are the rights of operations that are not called as the operation is.
var actionsOf = map[string][]string{
	"dynamodb:batchExecuteStatement":   partiQL,
	"dynamodb:executeStatement":        partiQL,
	"dynamodb:executeTransaction":      partiQL,
	"dynamodb:transactGetItems":        {"dynamodb:GetItem"},
	"dynamodb:transactWriteItems":      {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
	"execute-api:deleteConnection":     {"execute-api:ManageConnections"},
	"execute-api:getConnection":        {"execute-api:ManageConnections"},
	"execute-api:postToConnection":     {"execute-api:ManageConnections"},
	"lambda:invoke":                    {"lambda:InvokeFunction"},
	"s3:completeMultipartUpload":       {"s3:PutObject"},
	"s3:copyObject":                    {"s3:PutObject"},
	"s3:createMultipartUpload":         {"s3:PutObject"},
	"s3:deleteObjects":                 {"s3:DeleteObject"},
	"s3:headBucket":                    {"s3:ListBucket"},
	"s3:headObject":                    {"s3:GetObject"},
	"s3:listBuckets":                   {"s3:ListAllMyBuckets"},
	"s3:listMultipartUploads":          {"s3:ListBucketMultipartUploads"},
	"s3:listObjectVersions":            {"s3:ListBucketVersions"},
	"s3:listObjects":                   {"s3:ListBucket"},
	"s3:listObjectsV2":                 {"s3:ListBucket"},
	"s3:listParts":                     {"s3:ListMultipartUploadParts"},
	"s3:selectObjectContent":           {"s3:GetObject"},
	"s3:uploadPart":                    {"s3:PutObject"},
	"sns:publishBatch":                 {"sns:Publish"},
	"sqs:changeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
	"sqs:deleteMessageBatch":           {"sqs:DeleteMessage"},
	"sqs:sendMessageBatch":             {"sqs:SendMessage"},
}

var partiQL = []string{"dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect", "dynamodb:PartiQLUpdate"}

// naming is an argument that says on what an operation works.
type naming struct {
	argument string
	only     string // a part of the names of the operations where it does so
	arn      func(c call, value string) string
}

// named are such arguments by IAM's name of the service; the first that is given
// counts.
var named = map[string][]naming{
	"kinesis":        {{"StreamARN", "", asARN}, {"StreamName", "", within("kinesis", "stream/")}},
	"kms":            {{"KeyId", "", keyARN}},
	"lambda":         {{"FunctionName", "", functionARN}},
	"secretsmanager": {{"SecretId", "", secretARN}},
	"sns":            {{"TopicArn", "", asARN}, {"TargetArn", "", asARN}},
	"sqs":            {{"QueueUrl", "", queueARN}, {"QueueName", "", within("sqs", "")}},
	"ssm":            {{"Name", "Parameter", parameterARN}, {"Names", "Parameter", parameterARN}, {"Path", "Parameter", parameterARN}},
	"states":         {{"StateMachineArn", "", asARN}, {"ExecutionArn", "", asARN}, {"ActivityArn", "", asARN}},
}

func asARN(_ call, v string) string {
	if !strings.HasPrefix(v, "arn:") {
		return ""
	}
	return v
}

// within is the ARN of a name; one that is an ARN stays.
func within(service, kind string) func(call, string) string {
	return func(c call, v string) string {
		if strings.HasPrefix(v, "arn:") {
			return v
		}
		return c.place.arn(service, kind+v)
	}
}

// functionARN reads a function's name, its ARN or the end of it, with a version or
// an alias behind it or in an argument of its own.
func functionARN(c call, v string) string {
	arn := v
	if !strings.HasPrefix(v, "arn:") {
		if _, short, ok := strings.Cut(v, ":function:"); ok { // 123456789012:function:name
			v = short
		} else if _, short, ok := strings.Cut(v, "function:"); ok {
			v = short
		}
		arn = c.place.arn("lambda", "function:"+v)
	}
	switch q, how := argument(c.args, "Qualifier"); how {
	case fixed:
		arn += ":" + q
	case computed:
		arn += ":*"
	}
	return arn
}

// queueARN is the ARN of a queue by its address, whoever serves it.
func queueARN(c call, v string) string {
	u, err := url.Parse(v)
	if err != nil {
		return ""
	}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	if u.Host == "" || len(path) < 2 {
		return ""
	}
	at := c.place
	if host := strings.Split(u.Hostname(), "."); len(host) > 2 && host[0] == "sqs" {
		at.region = host[1]
	}
	at.account = path[len(path)-2]
	return at.arn("sqs", path[len(path)-1])
}

// secretARN is the ARN of a secret; AWS puts six characters behind a name.
func secretARN(c call, v string) string {
	if strings.HasPrefix(v, "arn:") {
		return v
	}
	return c.place.arn("secretsmanager", "secret:"+v+"-??????")
}

func parameterARN(c call, v string) string {
	if strings.HasPrefix(v, "arn:") {
		return v
	}
	return c.place.arn("ssm", "parameter/"+strings.TrimPrefix(v, "/"))
}

// keyARN is the ARN of a key; that of an alias is not what rights are about.
func keyARN(c call, v string) string {
	switch {
	case strings.Contains(v, "alias/"):
		return ""
	case strings.HasPrefix(v, "arn:"):
		return v
	}
	return c.place.arn("kms", "key/"+v)
}
