resource "serverless_queue" "mail" {
  name = "mail"

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.serverless_send.first]
    }
  }
}

# The first message of the new queue.
action "serverless_send" "first" {
  config {
    queue      = "mail"
    body       = jsonencode({ to = "ops@example.com", subject = "The queue is there." })
    attributes = { kind = "notice" }
  }
}
