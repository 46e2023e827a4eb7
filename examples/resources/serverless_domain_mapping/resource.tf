resource "serverless_http_api" "shop" {
  name = "shop"
}

resource "serverless_domain" "api" {
  domain_name     = "api.example.com"
  certificate_arn = "arn:aws:acm:eu-north-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
}

# https://api.example.com/v1 is the shop.
resource "serverless_domain_mapping" "shop" {
  domain = serverless_domain.api.domain_name
  api    = serverless_http_api.shop.id
  stage  = serverless_http_api.shop.stage
  path   = "v1"
}
