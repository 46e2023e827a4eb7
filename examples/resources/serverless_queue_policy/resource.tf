resource "serverless_queue" "mail" {
  name     = "mail"
  tls_only = false # the policy is below
}

resource "serverless_queue_policy" "mail" {
  queue_name = serverless_queue.mail.queue_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::210987654321:root" }
        Action    = "sqs:SendMessage"
        Resource  = serverless_queue.mail.arn
      },
      {
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = serverless_queue.mail.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
