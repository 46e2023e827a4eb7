resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

# Lets a rule that something else manages call the function.
resource "serverless_function_permission" "nightly" {
  function   = serverless_function.orders.function_name
  principal  = "events.amazonaws.com"
  source_arn = "arn:aws:events:eu-north-1:123456789012:rule/nightly"
}
