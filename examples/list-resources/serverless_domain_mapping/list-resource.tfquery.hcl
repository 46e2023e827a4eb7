# Which APIs answer at a domain.
list "serverless_domain_mapping" "shop" {
  provider = serverless

  config {
    domain = "shop-a.example.com"
  }
}
