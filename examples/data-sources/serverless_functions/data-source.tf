data "serverless_functions" "shop" {
  name_prefix = "shop-"
}

output "names" {
  value = data.serverless_functions.shop.function_names
}
