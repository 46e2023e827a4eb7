resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
  publish = { alias = "live" }
}

resource "serverless_provisioned_concurrency" "orders" {
  function   = serverless_function.orders.target_arn # the alias
  executions = 1
}
