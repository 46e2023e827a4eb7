# A new version gets a tenth of the calls for five minutes, and then all of them, if
# the function that is called before and the alarms have nothing against it.
resource "serverless_function" "invoices" {
  name    = "invoices"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }

  # What links do not know, by the names that AWS SAM has for it.
  policy_templates = {
    SSMParameterReadPolicy = { ParameterName = "invoices/key" }
  }

  publish = {
    alias = "live"
    rollout = {
      kind             = "canary"
      percent          = 10
      interval_minutes = 5
      pre_hook         = serverless_function.check.arn
    }
  }
}

resource "serverless_function" "check" {
  name    = "invoices-check"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async ({ from, to }) => console.log(from, to)" } }
}
