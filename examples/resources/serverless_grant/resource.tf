# Two functions that use each other's things in a circle: links would need both to be
# there first.
resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

resource "serverless_function" "stock" {
  name    = "stock"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}

resource "serverless_grant" "orders_to_stock" {
  from   = serverless_function.orders.arn
  to     = [serverless_function.stock.arn]
  access = ["invoke"]
}

resource "serverless_grant" "stock_to_orders" {
  from   = serverless_function.stock.arn
  to     = [serverless_function.orders.arn]
  access = ["invoke"]
}

# A role that others use, too, may read two tables.
resource "serverless_role" "reports" {
  name     = "reports"
  services = ["lambda.amazonaws.com", "states.amazonaws.com"]
}

resource "serverless_table" "sales" {
  for_each      = toset(["north", "south"])
  name          = each.key
  partition_key = { name = "id", type = "S" }
}

resource "serverless_grant" "reports" {
  from   = serverless_role.reports.arn
  to     = [for t in serverless_table.sales : t.arn]
  access = ["read"]
}
