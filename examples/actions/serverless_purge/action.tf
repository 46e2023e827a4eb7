resource "serverless_queue" "mail" {
  name = "mail"
}

# Deletes all messages: terraform apply -invoke=action.serverless_purge.mail
action "serverless_purge" "mail" {
  config {
    queue = serverless_queue.mail.url
  }
}
