resource "serverless_table" "settings" {
  name          = "settings"
  partition_key = { name = "name", type = "S" }
}

data "serverless_table_item" "theme" {
  table = serverless_table.settings.table_name
  key   = { name = "theme" }
}

output "colour" {
  value = data.serverless_table_item.theme.exists ? data.serverless_table_item.theme.item.colour : "blue"
}
