# One queue for the dead letters of several, which may come from these only.
resource "serverless_queue" "failures" {
  name      = "failures"
  retention = 1209600
}

resource "serverless_queue" "events" {
  name        = "events"
  encryption  = { kms_key = "alias/aws/sqs", reuse_period = 600 }
  dead_letter = { max_receives = 3, arn = serverless_queue.failures.arn }

  # A topic and a rule may send messages here.
  allow_from = [
    "arn:aws:sns:eu-north-1:123456789012:news",
    "arn:aws:events:eu-north-1:123456789012:rule/nightly",
  ]
}
