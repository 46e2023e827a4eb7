# An API that something else made.
resource "serverless_http_api" "shop" {
  name = "shop"
}

data "serverless_api" "shop" {
  api_name   = "shop"
  depends_on = [serverless_http_api.shop]
}

output "endpoint" {
  value = data.serverless_api.shop.endpoint
}
