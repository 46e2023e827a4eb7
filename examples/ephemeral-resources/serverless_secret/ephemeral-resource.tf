# A password of Secrets Manager and a key of Systems Manager, which reach the function
# and nothing else.
ephemeral "serverless_secret" "database" {
  secret = "shop/database"
  key    = "password"
}

ephemeral "serverless_secret" "smtp" {
  ssm_parameter = "/shop/smtp"
}

resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }

  environment_wo = {
    DATABASE_PASSWORD = ephemeral.serverless_secret.database.value
    SMTP_KEY          = ephemeral.serverless_secret.smtp.value
  }
  environment_wo_version = 1
}
