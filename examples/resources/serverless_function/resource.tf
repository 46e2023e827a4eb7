resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
}

resource "serverless_function" "orders" {
  name        = "orders"
  description = "Answers for the orders API."
  runtime     = "nodejs22.x"
  handler     = "index.handler"
  memory      = 256
  timeout     = 15

  source = {
    inline = {
      "index.mjs" = <<-EOT
        export const handler = async () => ({ table: process.env.ORDERS_TABLE_NAME });
      EOT
    }
  }

  # The role may read this table and nothing else; the function finds its name in
  # ORDERS_TABLE_NAME.
  links       = { ORDERS = { to = serverless_table.orders.arn, access = ["read"] } }
  environment = { STAGE = "dev" }

  log  = { retention_days = 7 }
  tags = { team = "orders" }
}
