resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
}

# By the command
#   terraform apply -invoke=action.serverless_backup_table.orders
action "serverless_backup_table" "orders" {
  config {
    table = serverless_table.orders.table_name
    name  = "before-the-migration"
  }
}
