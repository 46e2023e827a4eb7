resource "serverless_domain" "api" {
  domain_name     = "api.example.com"
  certificate_arn = "arn:aws:acm:eu-north-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
}

# An alias record of the zone leads there.
output "alias" {
  value = {
    name    = serverless_domain.api.target_domain
    zone_id = serverless_domain.api.hosted_zone_id
  }
}
