resource "serverless_queue" "mail" {
  name = "mail"
}

data "serverless_policy" "worker" {
  statements = [
    {
      sid       = "Pictures"
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = ["arn:aws:s3:::shop-pictures/*"]
    },
    {
      effect     = "Deny"
      actions    = ["*"]
      resources  = ["*"]
      conditions = { Bool = { "aws:SecureTransport" = ["false"] } }
    },
  ]

  # The access words of serverless_grant.
  grants = [{ to = [serverless_queue.mail.arn], access = ["send"] }]
}

resource "serverless_role" "worker" {
  name     = "worker"
  services = ["lambda.amazonaws.com"]
  policies = [data.serverless_policy.worker.json]
}
