resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
  publish = { alias = "live" }
}

# Lets the alias lead to version 1 again; without version it would be the one before.
action "serverless_rollback" "first" {
  config {
    function = serverless_function.orders.target_arn
    version  = "1"
  }
}
