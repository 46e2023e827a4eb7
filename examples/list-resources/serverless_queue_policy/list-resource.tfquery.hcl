# The queues that have a policy.
list "serverless_queue_policy" "shop" {
  provider         = serverless
  include_resource = true

  config {
    name_prefix = "shop-"
  }
}
