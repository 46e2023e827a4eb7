# terraform query finds the domains of one application.
list "serverless_domain" "shop" {
  provider = serverless

  config {
    tags = { app = "shop" }
  }
}
