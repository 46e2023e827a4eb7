# A table that something else made.
resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
  stream        = "NEW_IMAGE"
}

data "serverless_table" "orders" {
  table_name = serverless_table.orders.table_name
}

output "stream" {
  value = data.serverless_table.orders.stream_arn
}
