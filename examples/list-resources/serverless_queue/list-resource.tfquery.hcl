# terraform query finds the queues, and with -generate-config-out it writes what
# imports them.
list "serverless_queue" "shop" {
  provider         = serverless
  include_resource = true

  config {
    name_prefix = "shop-"
    tags        = { app = "shop" }
  }
}
