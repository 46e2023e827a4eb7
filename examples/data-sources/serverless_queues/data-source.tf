# The queues of one application, whoever made them.
data "serverless_queues" "shop" {
  name_prefix = "shop-"
  tags        = { app = "shop" }
}

output "queues" {
  value = data.serverless_queues.shop.queue_names
}
