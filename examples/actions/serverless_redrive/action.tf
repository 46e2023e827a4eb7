resource "serverless_queue" "mail" {
  name        = "mail"
  dead_letter = { max_receives = 5 }
}

# Gives the dead letters another chance: terraform apply -invoke=action.serverless_redrive.mail
action "serverless_redrive" "mail" {
  config {
    dead_letter_arn = serverless_queue.mail.dead_letter_arn
    max_per_second  = 50
  }
}
