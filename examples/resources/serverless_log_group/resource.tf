# Two functions that write to one log group. With retain = true it would outlive all of them.
resource "serverless_log_group" "shop" {
  name           = "/shop/functions"
  retention_days = 90
  retain         = false
  tags           = { app = "shop" }
}

resource "serverless_function" "orders" {
  for_each = toset(["orders", "stock"])
  name     = each.key
  runtime  = "nodejs22.x"
  handler  = "index.handler"
  source   = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
  log      = { group = serverless_log_group.shop.log_group_name }
}
