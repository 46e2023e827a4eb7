resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

resource "serverless_function_version" "first" {
  function    = serverless_function.orders.function_name
  code_sha256 = serverless_function.orders.code_sha256
}

resource "serverless_function_alias" "live" {
  function    = serverless_function.orders.function_name
  name        = "live"
  version     = serverless_function_version.first.version
  description = "What the shop calls."
}
