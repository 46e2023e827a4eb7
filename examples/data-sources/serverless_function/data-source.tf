resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

data "serverless_function" "orders" {
  function_name = serverless_function.orders.function_name
}

output "memory" {
  value = data.serverless_function.orders.memory
}
