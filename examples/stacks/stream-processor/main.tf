# Readings of sensors as they come, and for each sensor what they come to: a function
# follows the stream of one table and keeps totals in another.
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} } # leave this line out to deploy to AWS
}

resource "serverless_table" "readings" {
  name          = "readings"
  partition_key = { name = "sensor", type = "S" }
  sort_key      = { name = "at", type = "N" }
  stream        = "NEW_IMAGE"
  ttl           = "expires_at"
}

resource "serverless_table" "totals" {
  name          = "totals"
  partition_key = { name = "sensor", type = "S" }
}

# What could not be read: where in the stream it was, and why it was given up.
resource "serverless_queue" "unreadable" {
  name      = "unreadable"
  retention = 1209600
}

resource "serverless_function" "totals" {
  name    = "totals"
  runtime = "python3.13"
  handler = "app.handler"
  source  = { dir = "${path.module}/src", exclude = ["test_*.py"] }
  links   = { TOTALS = { to = serverless_table.totals.arn, access = ["write"] } }
}

resource "serverless_event_source" "readings" {
  function             = serverless_function.totals.target_arn
  batch                = { size = 100 }
  filters              = [jsonencode({ eventName = ["INSERT"] })]
  report_item_failures = true # what was counted before a failure is not sent again

  dynamodb = {
    stream_arn        = serverless_table.readings.stream_arn
    starting_position = "TRIM_HORIZON"
    bisect_on_error   = true
    max_retries       = 1
    on_failure        = serverless_queue.unreadable.arn
  }
}

output "unreadable" {
  description = "URL of the queue that tells of readings that could not be read."
  value       = serverless_queue.unreadable.url
}
