resource "serverless_queue" "mail" {
  name = "mail"
}

resource "serverless_function" "mailer" {
  name    = "mailer"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
}

resource "serverless_event_source" "mail" {
  function = serverless_function.mailer.target_arn
  sqs      = { queue_arn = serverless_queue.mail.arn }
}

data "serverless_event_source" "mail" {
  id = serverless_event_source.mail.id
}

output "batch" {
  value = data.serverless_event_source.mail.batch.size
}
