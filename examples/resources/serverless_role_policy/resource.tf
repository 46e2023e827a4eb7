# One policy more for a role that something else makes.
resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

resource "serverless_role_policy" "mail" {
  role_name = serverless_function.orders.role_arn
  name      = "mail"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "ses:SendEmail"
      Resource  = "arn:aws:ses:eu-north-1:123456789012:identity/shop.example.com"
      Condition = { StringEquals = { "ses:FromAddress" = "orders@shop.example.com" } }
    }]
  })
}
