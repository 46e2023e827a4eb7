resource "serverless_domain" "api" {
  domain_name     = "api.example.com"
  certificate_arn = "arn:aws:acm:eu-north-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  routing_mode    = "ROUTING_RULE_THEN_API_MAPPING"
}

# Requests with this header go to the new version, which is a REST API.
resource "serverless_routing_rule" "beta" {
  domain     = serverless_domain.api.domain_name
  priority   = 10
  base_paths = ["orders"]
  headers    = [{ name = "x-beta", value = "1*" }]
  api        = "a1b2c3d4e5"
  stage      = "live"
}
