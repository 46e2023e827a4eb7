resource "serverless_http_api" "shop" {
  name        = "shop"
  description = "What the shop's pages call."

  cors = {
    allow_origins = ["https://shop.example.com"]
    allow_methods = ["GET", "POST"]
    allow_headers = ["authorization", "content-type"]
    max_age       = 3600
  }

  access_log = {}
  throttle   = { rate = 200, burst = 400 }

  stage_variables = { stage = "dev" }
  tags            = { team = "shop" }
}

output "url" {
  value = serverless_http_api.shop.url
}
