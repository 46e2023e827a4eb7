# The APIs of one application, whoever made them.
data "serverless_apis" "shop" {
  name_prefix = "shop-"
  tags        = { app = "shop" }
}

output "apis" {
  value = data.serverless_apis.shop.names
}
