resource "serverless_table" "countries" {
  name          = "countries"
  partition_key = { name = "code", type = "S" }
}

resource "serverless_table_items" "nordic" {
  table = serverless_table.countries.table_name
  items = [
    { code = "DK", name = "Denmark", dialling = 45 },
    { code = "FI", name = "Finland", dialling = 358 },
    { code = "IS", name = "Iceland", dialling = 354 },
    { code = "NO", name = "Norway", dialling = 47 },
    { code = "SE", name = "Sweden", dialling = 46 },
  ]
}

resource "serverless_table_items" "baltic" {
  table = serverless_table.countries.table_name
  file  = "${path.module}/baltic.csv"
}
