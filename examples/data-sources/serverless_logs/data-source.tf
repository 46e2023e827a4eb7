resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

data "serverless_logs" "errors" {
  group  = serverless_function.orders.log_group_name
  filter = "ERROR"
  limit  = 20
}

output "errors" {
  value = data.serverless_logs.errors.lines
}
