package functions

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A sample makes events of one kind. Its defaults say what can be given.
type sample struct {
	defaults map[string]string
	event    func(v map[string]string) (any, error)
}

type object = map[string]any

const (
	sampleAccount = "123456789012"
	sampleRegion  = "us-east-1"
	sampleTime    = "2026-01-31T12:00:00Z"
	sampleMillis  = 1769860800000
	sampleID      = "11111111-2222-4333-8444-555555555555"
)

// samples are the kinds of events by the name of who sends them.
var samples = map[string]sample{
	"alb": {map[string]string{"method": "GET", "path": "/", "body": "", "target_group_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/app/6d0ecf831eec9f09"},
		func(v map[string]string) (any, error) {
			return object{
				"requestContext": object{"elb": object{"targetGroupArn": v["target_group_arn"]}}, "httpMethod": v["method"], "path": v["path"],
				"queryStringParameters": object{}, "headers": object{"host": "example.com", "x-forwarded-for": "192.0.2.1", "x-forwarded-port": "443", "x-forwarded-proto": "https"},
				"body": v["body"], "isBase64Encoded": false,
			}, nil
		}},
	"cognito": {map[string]string{"trigger": "PreSignUp_SignUp", "user": "user", "email": "user@example.com"}, func(v map[string]string) (any, error) {
		return object{
			"version": "1", "triggerSource": v["trigger"], "region": sampleRegion, "userPoolId": sampleRegion + "_AbCdEfGhI", "userName": v["user"],
			"callerContext": object{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "clientid"},
			"request":       object{"userAttributes": object{"email": v["email"]}}, "response": object{},
		}, nil
	}},
	"dynamodb": {map[string]string{"event": "INSERT", "keys": `{"id":{"S":"a"}}`, "new": `{"id":{"S":"a"}}`, "old": "", "table": "table"}, dynamoDBSample},
	"eventbridge": {map[string]string{"source": "example", "detail_type": "Example", "detail": "{}", "resources": "[]"}, func(v map[string]string) (any, error) {
		return busEvent(v["source"], v["detail_type"], v["detail"], v["resources"])
	}},
	"http_api": {map[string]string{"route": "GET /", "path": "", "body": "", "query": "", "headers": "{}", "path_parameters": "{}"}, httpSample},
	"kinesis": {map[string]string{"data": "aGVsbG8=", "partition_key": "key", "stream": "stream"}, func(v map[string]string) (any, error) {
		return object{"Records": []any{object{
			"kinesis":     object{"kinesisSchemaVersion": "1.0", "partitionKey": v["partition_key"], "sequenceNumber": "49590338271490256608559692538361571095921575989136588898", "data": v["data"], "approximateArrivalTimestamp": float64(sampleMillis) / 1000},
			"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898", "eventName": "aws:kinesis:record",
			"invokeIdentityArn": "arn:aws:iam::" + sampleAccount + ":role/role", "awsRegion": sampleRegion, "eventSourceARN": "arn:aws:kinesis:" + sampleRegion + ":" + sampleAccount + ":stream/" + v["stream"],
		}}}, nil
	}},
	"rest_api": {map[string]string{"method": "GET", "path": "/", "resource": "/{proxy+}", "body": "", "headers": "{}", "path_parameters": "{}"}, restSample},
	"s3": {map[string]string{"event": "ObjectCreated:Put", "bucket": "bucket", "key": "key", "size": "1024"}, func(v map[string]string) (any, error) {
		return object{"Records": []any{object{
			"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": sampleRegion, "eventTime": sampleTime, "eventName": v["event"],
			"userIdentity": object{"principalId": "EXAMPLE"}, "requestParameters": object{"sourceIPAddress": "127.0.0.1"},
			"responseElements": object{"x-amz-request-id": "EXAMPLE123456789", "x-amz-id-2": "EXAMPLE"},
			"s3": object{
				"s3SchemaVersion": "1.0", "configurationId": "testConfigRule",
				"bucket": object{"name": v["bucket"], "ownerIdentity": object{"principalId": "EXAMPLE"}, "arn": "arn:aws:s3:::" + v["bucket"]},
				"object": object{"key": v["key"], "size": json.Number(v["size"]), "eTag": "0123456789abcdef0123456789abcdef", "sequencer": "0A1B2C3D4E5F678901"},
			},
		}}}, nil
	}},
	"schedule": {map[string]string{"rule": "rule"}, func(v map[string]string) (any, error) {
		return busEvent("aws.events", "Scheduled Event", "{}", `["arn:aws:events:`+sampleRegion+`:`+sampleAccount+`:rule/`+v["rule"]+`"]`)
	}},
	"sns": {map[string]string{"message": "hello", "subject": "", "topic": "topic"}, func(v map[string]string) (any, error) {
		topic := "arn:aws:sns:" + sampleRegion + ":" + sampleAccount + ":" + v["topic"]
		return object{"Records": []any{object{
			"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": topic + ":" + sampleID,
			"Sns": object{
				"Type": "Notification", "MessageId": sampleID, "TopicArn": topic, "Subject": nullable(v["subject"]), "Message": v["message"], "Timestamp": sampleTime,
				"SignatureVersion": "1", "Signature": "EXAMPLE", "SigningCertUrl": "EXAMPLE", "UnsubscribeUrl": "EXAMPLE", "MessageAttributes": object{},
			},
		}}}, nil
	}},
	"sqs": {map[string]string{"body": "hello", "queue": "queue", "message_id": sampleID}, func(v map[string]string) (any, error) {
		return object{"Records": []any{object{
			"messageId": v["message_id"], "receiptHandle": "MessageReceiptHandle", "body": v["body"],
			"attributes":        object{"ApproximateReceiveCount": "1", "SentTimestamp": fmt.Sprint(sampleMillis), "SenderId": sampleAccount, "ApproximateFirstReceiveTimestamp": fmt.Sprint(sampleMillis + 1)},
			"messageAttributes": object{}, "eventSource": "aws:sqs", "awsRegion": sampleRegion, "eventSourceARN": "arn:aws:sqs:" + sampleRegion + ":" + sampleAccount + ":" + v["queue"],
		}}}, nil
	}},
	"websocket": {map[string]string{"route": "$default", "event": "MESSAGE", "body": "", "connection_id": "L0SM9cOFvHcCIhw="}, func(v map[string]string) (any, error) {
		return object{
			"requestContext": object{
				"routeKey": v["route"], "eventType": v["event"], "messageDirection": "IN", "stage": "$default", "connectedAt": sampleMillis, "requestTimeEpoch": sampleMillis,
				"connectionId": v["connection_id"], "requestId": sampleID, "apiId": "a1b2c3d4e5", "domainName": "a1b2c3d4e5.execute-api." + sampleRegion + ".amazonaws.com", "identity": object{"sourceIp": "192.0.2.1"},
			},
			"body": nullable(v["body"]), "isBase64Encoded": false,
		}, nil
	}},
}

// nullable is null for an empty text.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// document reads an argument that is JSON.
func document(name, text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%s must be JSON or an object: %w", name, err)
	}
	return v, nil
}

func busEvent(source, kind, detail, resources string) (any, error) {
	d, err := document("detail", detail)
	if err != nil {
		return nil, err
	}
	r, err := document("resources", resources)
	return object{
		"version": "0", "id": sampleID, "detail-type": kind, "source": source, "account": sampleAccount, "time": sampleTime, "region": sampleRegion, "resources": r, "detail": d,
	}, err
}

func dynamoDBSample(v map[string]string) (any, error) {
	change := object{"ApproximateCreationDateTime": sampleMillis / 1000, "SequenceNumber": "4421584500000000017450439091", "SizeBytes": 26, "StreamViewType": "NEW_AND_OLD_IMAGES"}
	for name, to := range map[string]string{"keys": "Keys", "new": "NewImage", "old": "OldImage"} {
		if v[name] == "" || name == "new" && v["event"] == "REMOVE" {
			continue
		}
		image, err := document(name, v[name])
		if err != nil {
			return nil, err
		}
		change[to] = image
	}
	return object{"Records": []any{object{
		"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": v["event"], "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": sampleRegion, "dynamodb": change,
		"eventSourceARN": "arn:aws:dynamodb:" + sampleRegion + ":" + sampleAccount + ":table/" + v["table"] + "/stream/2026-01-31T12:00:00.000",
	}}}, nil
}

func httpSample(v map[string]string) (any, error) {
	method, path, ok := strings.Cut(v["route"], " ")
	if !ok {
		method, path = "GET", "/"
	}
	if method == "ANY" {
		method = "GET"
	}
	if v["path"] != "" {
		path = v["path"]
	}
	headers, err := document("headers", v["headers"])
	if err != nil {
		return nil, err
	}
	parameters, err := document("path_parameters", v["path_parameters"])
	if err != nil {
		return nil, err
	}
	query := object{}
	for pair := range strings.SplitSeq(v["query"], "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			query[name] = value
		}
	}
	event := object{
		"version": "2.0", "routeKey": v["route"], "rawPath": path, "rawQueryString": v["query"], "headers": headers, "isBase64Encoded": false,
		"requestContext": object{
			"accountId": sampleAccount, "apiId": "a1b2c3d4e5", "domainName": "a1b2c3d4e5.execute-api." + sampleRegion + ".amazonaws.com", "domainPrefix": "a1b2c3d4e5",
			"http":      object{"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "sample"},
			"requestId": "JKJaXmPLvHcESHA=", "routeKey": v["route"], "stage": "$default", "time": "31/Jan/2026:12:00:00 +0000", "timeEpoch": sampleMillis,
		},
	}
	if v["body"] != "" {
		event["body"] = v["body"]
	}
	if len(query) > 0 {
		event["queryStringParameters"] = query
	}
	if p, ok := parameters.(object); ok && len(p) > 0 {
		event["pathParameters"] = p
	}
	return event, nil
}

func restSample(v map[string]string) (any, error) {
	headers, err := document("headers", v["headers"])
	if err != nil {
		return nil, err
	}
	parameters, err := document("path_parameters", v["path_parameters"])
	return object{
		"resource": v["resource"], "path": v["path"], "httpMethod": v["method"], "headers": headers, "multiValueHeaders": object{}, "queryStringParameters": nil,
		"multiValueQueryStringParameters": nil, "pathParameters": parameters, "stageVariables": nil, "body": nullable(v["body"]), "isBase64Encoded": false,
		"requestContext": object{
			"accountId": sampleAccount, "apiId": "a1b2c3d4e5", "resourceId": "abc123", "stage": "live", "requestId": sampleID, "httpMethod": v["method"], "resourcePath": v["resource"],
			"path": "/live" + v["path"], "protocol": "HTTP/1.1", "requestTime": "31/Jan/2026:12:00:00 +0000", "requestTimeEpoch": sampleMillis,
			"identity": object{"sourceIp": "192.0.2.1", "userAgent": "sample"},
		},
	}, err
}
