resource "serverless_http_api" "shop" {
  name = "shop"
}

# The same API below /test, with other variables and a limit.
resource "serverless_stage" "test" {
  api             = serverless_http_api.shop.id
  name            = "test"
  stage_variables = { table = "orders-test" }
  throttle        = { rate = 10, burst = 20 }
}

output "url" {
  value = serverless_stage.test.url
}
