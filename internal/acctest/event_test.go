package acctest

import "testing"

const sources = `
resource "serverless_function" "f" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
  publish = { alias = "live" }
}
resource "serverless_queue" "q" {
  name = "mail"
}
resource "serverless_queue" "r" {
  name = "more"
}
`

// aStream is the stream of a table.
const aStream = `
resource "serverless_table" "t" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
  stream        = "NEW_IMAGE"
}
`

func TestQueueSource(t *testing.T) {
	updated := []string{"UpdateEventSourceMapping"}
	Prove(t, Subject{
		Type: "serverless_event_source", Before: sources,
		Base: Arguments{
			"function": `serverless_function.f.arn`, "sqs": `{ queue_arn = serverless_queue.q.arn }`,
			"batch": `{ size = 5 }`, "filters": `[jsonencode({ body = { kind = ["a"] } })]`, "tags": `{ team = "a" }`,
		},
		Import: []string{"{id}", "{arn}", "{id}@{region}"},
		Edits: []Edit{
			{Argument: "sqs", To: `{ queue_arn = serverless_queue.r.arn }`, Replace: true},
			{Argument: "sqs", To: `{ queue_arn = serverless_queue.q.arn, max_concurrency = 5 }`, Writes: updated},
			{Argument: "batch", To: `{ size = 20, window = 5 }`, Writes: updated},
			{Argument: "batch", To: ``, Writes: updated},
			{Argument: "filters", To: `[jsonencode({ body = { kind = ["a", "b"] } })]`, Writes: updated},
			{Argument: "filters", To: ``, Writes: updated},
			{Argument: "filters", To: `["{\n  \"body\": { \"kind\": [\"a\"] } }"]`, Same: true},
			{Argument: "report_item_failures", To: `true`, Writes: updated},
			{Argument: "enabled", To: `false`, Writes: updated},
			{
				Argument: "function", To: `serverless_function.f.target_arn`, With: []string{"function_arn", "role_policy_name"},
				Writes: []string{"PutRolePolicy", "UpdateEventSourceMapping", "DeleteRolePolicy"},
			},
			{Argument: "tags", To: `{ team = "b" }`, With: []string{"tags_all"}, Writes: []string{"TagResource"}},
		},
		Together: Arguments{"batch": `{ size = 2 }`, "function": `serverless_function.f.target_arn`, "tags": `{ cost = "1" }`},
		Invalid: []Invalid{
			{"sqs", ``, []string{"Exactly one source", "none"}},
			{"dynamodb", `{ stream_arn = "arn:aws:dynamodb:eu-north-1:000000000000:table/t/stream/s", starting_position = "LATEST" }`, []string{"Exactly one source", "dynamodb and sqs"}},
			{"sqs", `{ queue_arn = "mail" }`, []string{"queue_arn", "ARN of a queue"}},
			{"sqs", `{ queue_arn = serverless_queue.q.arn, max_concurrency = 1 }`, []string{"max_concurrency", "between 2 and 1000"}},
			{"batch", `{ size = 11 }`, []string{"window", "size"}},
			{"filters", `["nonsense"]`, []string{"filters", "JSON"}},
			{"log_level", `"INFO"`, []string{"log_level", "Kafka"}},
			{"function", `"hello"`, []string{"function", "ARN"}},
		},
		Transient: []Transient{
			{Operation: "CreateEventSourceMapping", Code: "InvalidParameterValueException", Message: "The provided execution role does not have permissions to call ReceiveMessage on SQS", Times: 2},
			{Operation: "UpdateEventSourceMapping", Code: "ResourceInUseException", Message: "The event source mapping is being updated.", Times: 2},
		},
		Missing: map[string]string{"GetEventSourceMapping": "ResourceNotFoundException"},
	})
}

func TestStreamSource(t *testing.T) {
	updated := []string{"UpdateEventSourceMapping"}
	stream := func(more string) string {
		return `{ stream_arn = serverless_table.t.stream_arn, starting_position = "TRIM_HORIZON"` + more + ` }`
	}
	Prove(t, Subject{
		Type: "serverless_event_source", Before: sources + aStream,
		Base:   Arguments{"function": `serverless_function.f.arn`, "dynamodb": stream("")},
		Import: []string{"{id}"},
		Edits: []Edit{
			{Argument: "dynamodb", To: `{ stream_arn = serverless_table.t.stream_arn, starting_position = "LATEST" }`, Replace: true},
			{Argument: "dynamodb", To: stream(", max_retries = 0, max_record_age = 60, bisect_on_error = true"), Writes: updated},
			{Argument: "dynamodb", To: stream(", parallelization_factor = 2"), Writes: updated},
			{Argument: "dynamodb", To: stream(", on_failure = serverless_queue.q.arn"), Writes: []string{"PutRolePolicy", "UpdateEventSourceMapping"}},
		},
		Together: Arguments{"dynamodb": stream(", max_retries = 3"), "enabled": `false`},
		Invalid: []Invalid{
			{"dynamodb", `{ stream_arn = serverless_table.t.stream_arn, starting_position = "AT_TIMESTAMP" }`, []string{"starting_position", "LATEST"}},
			{"dynamodb", stream(", max_record_age = 5"), []string{"max_record_age"}},
			{"dynamodb", stream(`, on_failure = "q"`), []string{"on_failure", "ARN"}},
		},
		Missing: map[string]string{"GetEventSourceMapping": "ResourceNotFoundException"},
	})
}
