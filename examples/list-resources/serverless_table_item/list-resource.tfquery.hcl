# All items of a table.
list "serverless_table_item" "settings" {
  provider = serverless

  config {
    table = "settings"
  }
}
