# The tables of one application, whoever made them.
data "serverless_tables" "shop" {
  name_prefix = "shop-"
  tags        = { app = "shop" }
}

output "tables" {
  value = data.serverless_tables.shop.table_names
}
