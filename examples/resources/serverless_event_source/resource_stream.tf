resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
  stream        = "NEW_AND_OLD_IMAGES"
}

resource "serverless_queue" "failures" {
  name = "failures"
}

resource "serverless_function" "projector" {
  name    = "projector"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event.Records.length" } }
}

resource "serverless_event_source" "orders" {
  function = serverless_function.projector.target_arn
  filters  = [jsonencode({ eventName = ["INSERT", "MODIFY"] })]
  batch    = { size = 100, window = 1 }

  dynamodb = {
    stream_arn        = serverless_table.orders.stream_arn
    starting_position = "LATEST"
    bisect_on_error   = true
    max_retries       = 3
    on_failure        = serverless_queue.failures.arn
  }
}
