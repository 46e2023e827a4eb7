resource "serverless_table" "settings" {
  name          = "settings"
  partition_key = { name = "name", type = "S" }
}

resource "serverless_table_item" "theme" {
  table = serverless_table.settings.table_name
  item = {
    name   = "theme"
    colour = "green"
    ratio  = 1.618033988749894848204586834365638117
    sizes  = toset([12, 14, 16])
    beta   = false
  }
}

# Bytes need DynamoDB's JSON.
resource "serverless_table_item" "logo" {
  table = serverless_table.settings.table_name
  item_json = jsonencode({
    name = { S = "logo" }
    data = { B = base64encode("<svg/>") }
  })
}

# Of this one only the key is kept in plans and states.
resource "serverless_table_item" "token" {
  table           = serverless_table.settings.table_name
  item_wo         = { name = "token", value = "s3cr3t" }
  item_wo_version = 1
}
