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

# An API that answers at https://api.example.com/v1, too.
resource "serverless_http_api" "public" {
  name = "public"

  domain = {
    name            = "api.example.com"
    certificate_arn = "arn:aws:acm:eu-north-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    mapping         = "v1"
  }
}

# What the record api.example.com, an alias, leads to.
output "alias" {
  value = {
    name    = serverless_http_api.public.target_domain
    zone_id = serverless_http_api.public.hosted_zone_id
  }
}
