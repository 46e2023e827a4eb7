# terraform query finds the tables, and with -generate-config-out it writes what
# imports them.
list "serverless_table" "shop" {
  provider         = serverless
  include_resource = true

  config {
    name_prefix = "shop-"
    tags        = { app = "shop" }
  }
}
