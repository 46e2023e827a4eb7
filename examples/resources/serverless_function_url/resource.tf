resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

resource "serverless_function_url" "orders" {
  function = serverless_function.orders.function_name
  auth     = "NONE" # anybody may call it

  cors = {
    allow_origins = ["https://shop.example.com"]
    allow_methods = ["GET", "POST"]
    max_age       = 3600
  }
}

output "url" {
  value = serverless_function_url.orders.url
}
