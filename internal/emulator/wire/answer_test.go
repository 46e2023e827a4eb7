package wire

import (
	"encoding/json"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbschemas "github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

func anyCredentials(c *Config) { c.AnyCredentials = true }

// TestAnswers shows what bodies that no SDK would send are answered with.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, anyCredentials)
	const (
		serialization = `{"__type":"com.amazon.coral.service#SerializationException","message":"`
		validation    = `{"__type":"com.amazon.coral.validate#ValidationException","message":"`
	)
	for body, want := range map[string]string{
		``:                                 serialization + `Could not parse request body into json: unexpected end of input"}`,
		`{`:                                serialization + `Could not parse request body into json: unexpected end of input"}`,
		`{"a":1}}`:                         serialization + `Could not parse request body into json: unexpected character '}' at byte 7"}`,
		`[]`:                               serialization + `Unexpected value type in payload"}`,
		`null`:                             serialization + `Unexpected value type in payload"}`,
		`"x"`:                              serialization + `Unexpected value type in payload"}`,
		`{"TableName":true}`:               serialization + `TRUE_VALUE cannot be converted to String"}`,
		`{"TableName":23}`:                 serialization + `NUMBER_VALUE cannot be converted to String"}`,
		`{"TableName":3.5}`:                serialization + `DECIMAL_VALUE cannot be converted to String"}`,
		`{"TableName":[]}`:                 serialization + `Unrecognized collection type class java.lang.String"}`,
		`{"TableName":{}}`:                 serialization + `Start of structure or map found where not expected"}`,
		`{"Item":"x"}`:                     serialization + `Unexpected field type"}`,
		`{"Item":[]}`:                      serialization + `Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"}`,
		`{"Item":{"a":"x"}}`:               serialization + `Unexpected value type in payload"}`,
		`{"Item":{"a":[]}}`:                serialization + `Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"}`,
		`{"Item":{"a":{"BOOL":"x"}}}`:      serialization + `Unexpected token received from parser"}`,
		`{"Item":{"a":{"SS":"x"}}}`:        serialization + `Unexpected field type"}`,
		`{"Item":{"a":{"SS":{}}}}`:         serialization + `Start of structure or map found where not expected"}`,
		`{"Item":{"a":{"B":1}}}`:           serialization + `only base-64-encoded strings are convertible to bytes"}`,
		`{"Item":{"a":{"B":"23456"}}}`:     serialization + `Base64 encoded length is expected a multiple of 4 bytes but found: 5"}`,
		`{"Item":{"a":{"B":"=+/="}}}`:      serialization + `Invalid last non-pad Base64 character dectected"}`,
		`{"Item":{"a":null}}`:              validation + `Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}`,
		`{"Item":{"a":{}}}`:                validation + `Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}`,
		`{"Item":{"a":{"S":null}}}`:        validation + `Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}`,
		`{"Item":{"a":{"X":"s"}}}`:         validation + `Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}`,
		`{"Item":{"a":{"L":[null]}}}`:      validation + `Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"}`,
		`{"Item":{"a":{"S":"x","N":"1"}}}`: validation + `Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"}`,
		`{"TableName":null,"Item":{}}`:     validation + `1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"}`,
		`{}`:                               validation + `2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null; Value null at 'item' failed to satisfy constraint: Member must not be null"}`,
		`{"TableName":"","Item":{}}`:       validation + `1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1"}`,
		`{"TableName":"abc","Item":{},"ReturnValues":"x"}`:                                             validation + `1 validation error detected: Value 'x' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"}`,
		`{"TableName":"abc","Item":{},"Expected":{"a":{}}}`:                                            validation + `PutItem: the emulator does not implement the member Expected"}`,
		`{"TableName":"missing","Item":{}}`:                                                            `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Cannot do operations on a non-existent table"}`,
		`{"TableName":"missing","Item":{},"Unknown":{"a":[]}}`:                                         `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Cannot do operations on a non-existent table"}`,
		`{"TableName":"abc","Item":{},"Expected":{}}`:                                                  `{"Attributes":{},"ConsumedCapacity":{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/abc"}}`,
		`{"TableName":"abc","TableName":"abd","Item":{"b":{"N":"1"},"a":{"S":"é\u00e9\ud83d\ude00"}}}`: `{"Attributes":{"a":{"S":"éé😀"},"b":{"N":"1"}},"ConsumedCapacity":{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/abd"}}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			status, h, got := s.post(t, "DynamoDB_20120810.PutItem", body)
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if wantStatus := map[bool]int{true: 400, false: 200}[strings.Contains(want, "__type")]; status != wantStatus {
				t.Errorf("got status %d, want %d", status, wantStatus)
			}
			if got, want := h.Get("X-Amz-Crc32"), strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(got))), 10); got != want {
				t.Errorf("got checksum %s, want %s", got, want)
			}
			if h.Get("X-Amzn-Requestid") == "" || h.Get("Content-Type") != "application/x-amz-json-1.0" {
				t.Errorf("got headers %v", h)
			}
		})
	}
}

// TestZeros demands what clients that have no SDK types rely on.
func TestZeros(t *testing.T) {
	t.Parallel()
	_, _, got := start(t, anyCredentials).post(t, "DynamoDB_20120810.Query", `{"TableName":"abc"}`)
	if want := `{"Count":0,"Items":[],"ScannedCount":0}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestREST shows what restJson1 answers to what no SDK would send.
func TestREST(t *testing.T) {
	t.Parallel()
	s := start(t, anyCredentials)
	for name, c := range map[string]struct {
		method, path, scope, body string
		status                    int
		code, want                string
	}{
		"query text for a number": {"GET", "/2015-03-31/functions/f/versions?MaxItems=x", "lambda", "", 400, "SerializationException", `{"message":"STRING_VALUE cannot be converted to Integer"}`},
		"bounds":                  {"GET", "/2015-03-31/functions/f/versions?MaxItems=0", "lambda", "", 400, "ValidationException", `{"message":"1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"}`},
		"earlier texts":           {"POST", "/v2/apis", "apigateway", `{"name":1}`, 400, "SerializationException", `{"message":"class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"}`},
		"no body":                 {"POST", "/v2/apis", "apigateway", ``, 400, "BadRequestException", `{"message":"2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value null at 'protocolType' failed to satisfy constraint: Member must not be null"}`},
		"a refused member":        {"POST", "/v2/apis", "apigateway", `{"name":"n","protocolType":"HTTP","target":"x"}`, 400, "BadRequestException", `{"message":"CreateApi: the emulator does not implement the member Target"}`},
		"a nested refused member": {"POST", "/v2/apis", "apigateway", `{"name":"n","protocolType":"HTTP","corsConfiguration":{"exposeHeaders":["x"]}}`, 400, "BadRequestException", `{"message":"CreateApi: the emulator does not implement the member CorsConfiguration.ExposeHeaders"}`},
		"jsonName and dates":      {"POST", "/v2/apis", "apigateway", `{"name":"n","protocolType":"HTTP"}`, 201, "", `{"createdDate":"2026-01-02T03:04:05Z","name":"n","protocolType":"HTTP"}`},
		"another API's path":      {"POST", "/restapis", "apigateway", `{}`, 501, "UnknownOperationException", `{"message":"POST /restapis of the service apigateway is not emulated"}`},
		"another service":         {"GET", "/x", "kafka", ``, 501, "UnknownOperationException", `{"message":"GET /x of the service kafka is not emulated"}`},
		"no service":              {"GET", "/x", "", ``, 501, "UnknownOperationException", `{"message":"GET /x of a service that the request does not name is not emulated"}`},
		"another method":          {"PATCH", "/v2/apis", "apigateway", ``, 501, "UnknownOperationException", `{"message":"PATCH /v2/apis of the service apigateway is not emulated"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
			if c.scope != "" {
				r.Header.Set("Authorization", algorithm+" Credential=x/20260101/eu-west-1/"+c.scope+"/aws4_request, SignedHeaders=host, Signature=0")
			}
			status, h, got := s.do(t, r)
			if status != c.status || h.Get("X-Amzn-Errortype") != c.code || got != c.want {
				t.Errorf("got %d %s %s\nwant %d %s %s", status, h.Get("X-Amzn-Errortype"), got, c.status, c.code, c.want)
			}
		})
	}
}

// TestTooLarge has a body beyond every bound of AWS's refused, not held.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	h, err := New(Config{Services: stubs{}.services(), AnyCredentials: true, Clock: clock.Real})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/2015-03-31/functions/f/invocations", endless{})
	r.Header.Set("Authorization", algorithm+" Credential=x/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	want := `{"message":"Request must be smaller than 70167211 bytes for the Invoke operation"}`
	if got := w.Body.String(); w.Code != http.StatusRequestEntityTooLarge || got != want {
		t.Errorf("got %d %s\nwant %s", w.Code, got, want)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestUnserved names what is not there in the client's own protocol.
func TestUnserved(t *testing.T) {
	t.Parallel()
	s := start(t, anyCredentials)
	for target, want := range map[string]string{
		"DynamoDB_20120810.CreateBackup": `{"__type":"com.amazon.coral.service#UnknownOperationException","message":"the operation CreateBackup of dynamodb is not emulated"}`,
		"Kinesis_20131202.PutRecord":     `{"__type":"UnknownOperationException","message":"the operation PutRecord of the service Kinesis_20131202 is not emulated"}`,
		"nonsense":                       `{"__type":"UnknownOperationException","message":"the operation  of the service nonsense is not emulated"}`,
	} {
		if status, _, got := s.post(t, target, "{}"); status != http.StatusNotImplemented || got != want {
			t.Errorf("%s: got %d %s, want %s", target, status, got, want)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("Action=CreateUser&Version=2010-05-08"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	status, h, got := s.do(t, r)
	want := `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>UnknownOperationException</Code>` +
		`<Message>the operation CreateUser of a service that the request does not name is not emulated</Message></Error><RequestId>` +
		h.Get("X-Amzn-Requestid") + `</RequestId></ErrorResponse>`
	if status != http.StatusNotImplemented || got != want {
		t.Errorf("got %d %s\nwant %s", status, got, want)
	}
}

// TestQueryErrors shows IAM's own form of validation errors, and its statuses.
func TestQueryErrors(t *testing.T) {
	t.Parallel()
	s := start(t, anyCredentials)
	for form, want := range map[string]struct {
		status        int
		code, message string
	}{
		"RoleName=a+b&AssumeRolePolicyDocument=x": {400, "ValidationError", `1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		"RoleName=r": {400, "ValidationError", `1 validation error detected: Value at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null`},
		"RoleName=taken&AssumeRolePolicyDocument=x":                      {409, "EntityAlreadyExists", "Role with name taken already exists."},
		"RoleName=r&AssumeRolePolicyDocument=x&MaxSessionDuration=x":     {400, "MalformedInput", "Invalid value for "},
		"RoleName.x=r&AssumeRolePolicyDocument=x":                        {400, "MalformedInput", "a value is missing"},
		"RoleName=r&AssumeRolePolicyDocument=x&Tags.member.1.Value=only": {400, "ValidationError", "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("Action=CreateRole&Version=2010-05-08&"+form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		status, _, got := s.do(t, r)
		xml := strings.NewReplacer("&#39;", "'").Replace(got)
		if status != want.status || !strings.Contains(xml, "<Code>"+want.code+"</Code><Message>"+want.message) {
			t.Errorf("%s: got %d %s\nwant %+v", form, status, got, want)
		}
	}
}

// TestClientCBOR has the SDK speak rpcv2Cbor to services on awsJson and restJson1.
func TestClientCBOR(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := dynamodb.NewFromConfig(s.config("AKID", "SECRET", ""))
	speak := func(o *dynamodb.Options) { o.Protocol = rpcv2.NewCBOR(dynamodbschemas.DynamoDB_20120810) }
	item := map[string]types.AttributeValue{"b": &types.AttributeValueMemberB{Value: []byte{0, 255}}, "n": &types.AttributeValueMemberNS{Value: []string{"1"}}}
	out, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("notes"), Item: item}, speak)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(deep(out.Attributes))
	want, _ := json.Marshal(deep(item))
	if string(got) != string(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("missing"), Item: item}, speak)
	if codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("got %v", err)
	}
	_, err = c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("t")}, speak)
	if codeOf(err) != "UnknownOperationException" {
		t.Errorf("got %v", err)
	}
}
