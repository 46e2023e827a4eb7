# Every change publishes a version, and the alias follows when it can be called.
resource "serverless_function" "payments" {
  name    = "payments"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }

  publish = { alias = "live", keep_versions = 5 }
  url     = { auth = "AWS_IAM" }
  async   = { max_retries = 1 }

  environment_wo         = { PASSWORD = "not in the state" }
  environment_wo_version = 1
}

output "call" {
  value = serverless_function.payments.target_arn # that of the alias
}
