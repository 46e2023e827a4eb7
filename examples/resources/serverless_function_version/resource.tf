resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

# Another version is published whenever the code changes.
resource "serverless_function_version" "orders" {
  function    = serverless_function.orders.function_name
  code_sha256 = serverless_function.orders.code_sha256

  lifecycle {
    create_before_destroy = true
  }
}
