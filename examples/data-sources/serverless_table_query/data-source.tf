resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "customer", type = "S" }
  sort_key      = { name = "day", type = "N" }
}

data "serverless_table_query" "recent" {
  table         = serverless_table.orders.table_name
  key_condition = "customer = :who AND #d >= :since"
  filter        = "attribute_exists(paid)"
  names         = { "#d" = "day" }
  values        = { ":who" = "c-1", ":since" = 20260101 }
  descending    = true
  limit         = 10
}

output "orders" {
  value = [for o in data.serverless_table_query.recent.items : o.day]
}
