package asl

import (
	"slices"
	"strings"
)

// What each integration offers: r for request/response, s for .sync, 2 for
// .sync:2, t for .waitForTaskToken.
var integrations = map[string]map[string]string{
	"apigateway":       {"invoke": "rt"},
	"athena":           {"startQueryExecution": "rs", "stopQueryExecution": "r", "getQueryExecution": "r", "getQueryResults": "r"},
	"batch":            {"submitJob": "rs"},
	"bedrock":          {"invokeModel": "rt", "createModelCustomizationJob": "rs"},
	"codebuild":        {"startBuild": "rs", "stopBuild": "r", "batchDeleteBuilds": "r", "batchGetReports": "r", "startBuildBatch": "rs", "stopBuildBatch": "r", "retryBuildBatch": "rs", "deleteBuildBatch": "r"},
	"databrew":         {"startJobRun": "rs"},
	"dynamodb":         {"getItem": "r", "putItem": "r", "updateItem": "r", "deleteItem": "r"},
	"ecs":              {"runTask": "rst"},
	"eks":              {"createCluster": "rs", "deleteCluster": "rs", "createFargateProfile": "rs", "deleteFargateProfile": "rs", "createNodegroup": "rs", "deleteNodegroup": "rs", "call": "r", "runJob": "rs"},
	"elasticmapreduce": {"createCluster": "rs", "terminateCluster": "rs", "addStep": "rs", "cancelStep": "r", "setClusterTerminationProtection": "r", "modifyInstanceFleetByName": "r", "modifyInstanceGroupByName": "r"},
	"emr-containers":   {"createVirtualCluster": "r", "deleteVirtualCluster": "rs", "startJobRun": "rs"},
	"emr-serverless":   {"createApplication": "rs", "deleteApplication": "rs", "startApplication": "rs", "stopApplication": "rs", "startJobRun": "rs", "cancelJobRun": "rs"},
	"events":           {"putEvents": "rt"},
	"glue":             {"startJobRun": "rs"},
	"http":             {"invoke": "r"},
	"lambda":           {"invoke": "rt"},
	"mediaconvert":     {"createJob": "rs"},
	"sagemaker":        {"createEndpoint": "r", "createEndpointConfig": "r", "createHyperParameterTuningJob": "rs", "createLabelingJob": "rs", "createModel": "r", "createProcessingJob": "rs", "createTrainingJob": "rs", "createTransformJob": "rs", "updateEndpoint": "r"},
	"sns":              {"publish": "rt"},
	"sqs":              {"sendMessage": "rt"},
	"states":           {"startExecution": "rs2t"},
	"s3":               {"getObject": "r", "listObjectsV2": "r", "putObject": "r"}, // of readers and writers
}

var patternLetters = map[Pattern]string{RequestResponse: "r", Sync: "s", Sync2: "2", WaitForTaskToken: "t"}

// known tells whether AWS has the integration. Of aws-sdk it has every service's
// every action in camelCase, without .sync.
func known(r Resource) bool {
	if strings.HasPrefix(r.Service, "aws-sdk:") {
		return (r.Pattern == RequestResponse || r.Pattern == WaitForTaskToken) && r.Action[0] >= 'a' && r.Action[0] <= 'z'
	}
	return strings.Contains(integrations[r.Service][r.Action], patternLetters[r.Pattern])
}

// mapResource tells whether a reader (or a writer) can use a resource.
func mapResource(r Resource, actions ...string) bool {
	return r.Kind == Integration && r.Service == "s3" && slices.Contains(actions, r.Action) && r.Pattern == RequestResponse
}
