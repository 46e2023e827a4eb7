# A task that somebody carries out by hand, with a program that fetches it.
resource "serverless_activity" "approve" {
  name = "approve"
  tags = { team = "shop" }
}

resource "serverless_state_machine" "refund" {
  name = "refund"

  definition = jsonencode({
    StartAt = "Approve"
    States = {
      Approve = { Type = "Task", Resource = serverless_activity.approve.arn, TimeoutSeconds = 86400, HeartbeatSeconds = 600, End = true }
    }
  })
}
