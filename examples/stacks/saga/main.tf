# Orders that are taken in steps. What was reserved for an order that cannot be
# charged is given back.
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} } # leave this line out to deploy to AWS
}

resource "serverless_table" "stock" {
  name          = "stock"
  partition_key = { name = "sku", type = "S" }
}

resource "serverless_table_item" "tea" {
  table = serverless_table.stock.table_name
  item  = { sku = "tea", units = 10 }

  lifecycle {
    ignore_changes = [item] # orders count it down
  }
}

resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
}

resource "serverless_function" "charge" {
  name    = "charge"
  runtime = "nodejs22.x"
  handler = "charge.handler"
  source  = { dir = "${path.module}/src" }
}

resource "serverless_state_machine" "order" {
  name            = "order"
  definition_file = "${path.module}/order.asl.json"

  substitutions = {
    Stock  = serverless_table.stock.table_name
    Orders = serverless_table.orders.table_name
    Charge = serverless_function.charge.target_arn
  }
}

output "state_machine" {
  value = serverless_state_machine.order.target_arn
}
