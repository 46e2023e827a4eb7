resource "serverless_queue" "mail" {
  name               = "mail"
  visibility_timeout = 60
}

resource "serverless_function" "mailer" {
  name    = "mailer"
  runtime = "nodejs22.x"
  handler = "index.handler"

  source = {
    inline = {
      "index.mjs" = <<-EOT
        export const handler = async (event) => {
          for (const { messageId, body } of event.Records) console.log(messageId, body)
          return { batchItemFailures: [] }
        }
      EOT
    }
  }
}

# The function's role may read the queue, and nothing else needs to be written.
resource "serverless_event_source" "mail" {
  function             = serverless_function.mailer.target_arn
  sqs                  = { queue_arn = serverless_queue.mail.arn, max_concurrency = 5 }
  batch                = { size = 10 }
  report_item_failures = true
}
