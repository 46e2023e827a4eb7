resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

resource "serverless_function_async_config" "orders" {
  function    = serverless_function.orders.function_name
  max_age     = 3600
  max_retries = 1
}
