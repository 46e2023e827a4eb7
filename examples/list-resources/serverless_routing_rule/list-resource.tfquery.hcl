# The rules of a domain.
list "serverless_routing_rule" "shop" {
  provider = serverless

  config {
    domain = "shop-a.example.com"
  }
}
