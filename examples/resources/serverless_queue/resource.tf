# A queue, and mail-dlq for the messages that were received five times.
resource "serverless_queue" "mail" {
  name               = "mail"
  visibility_timeout = 60
  dead_letter        = { max_receives = 5 }

  tags = { team = "shop" }
}
