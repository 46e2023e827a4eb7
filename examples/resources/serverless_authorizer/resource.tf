resource "serverless_http_api" "shop" {
  name = "shop"
}

resource "serverless_function" "guard" {
  name    = "guard"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => ({ isAuthorized: event.headers.authorization === 'let me in' });" } }
}

# Whoever has a token of this issuer is let in.
resource "serverless_authorizer" "users" {
  api  = serverless_http_api.shop.id
  name = "users"
  jwt = {
    issuer   = "https://login.example.com"
    audience = ["shop"]
  }
}

# A function decides; what it says counts for a minute.
resource "serverless_authorizer" "guard" {
  api      = serverless_http_api.shop.id
  name     = "guard"
  function = { arn = serverless_function.guard.target_arn, cache_ttl = 60 }
}

resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => ({ orders: [] });" } }
}

resource "serverless_route" "orders" {
  api        = serverless_http_api.shop.id
  route      = "GET /orders"
  function   = serverless_function.orders.target_arn
  authorizer = serverless_authorizer.users.id
  scopes     = ["orders:read"]
}
