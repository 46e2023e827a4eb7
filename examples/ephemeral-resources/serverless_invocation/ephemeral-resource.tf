# A function that hands out passwords; its answer is kept nowhere.
ephemeral "serverless_invocation" "password" {
  function = "passwords:live"
  payload  = jsonencode({ of = "database" })
}

resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }

  environment_wo         = { PASSWORD = jsondecode(ephemeral.serverless_invocation.password.result) }
  environment_wo_version = 1
}
