# A queue that something else made.
resource "serverless_queue" "mail" {
  name        = "mail"
  dead_letter = { max_receives = 5 }
}

data "serverless_queue" "mail" {
  queue_name = serverless_queue.mail.queue_name
}

output "dead_letters" {
  value = data.serverless_queue.mail.dead_letter_arn
}
