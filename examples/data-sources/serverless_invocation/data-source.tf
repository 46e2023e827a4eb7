resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

data "serverless_invocation" "echo" {
  function = serverless_function.orders.target_arn
  payload  = jsonencode({ hello = "world" })
}

output "answer" {
  value = jsondecode(data.serverless_invocation.echo.result).hello
}
