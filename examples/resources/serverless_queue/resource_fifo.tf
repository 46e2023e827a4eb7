# Messages in order within their group, each delivered once. The name on AWS is
# payments.fifo.
resource "serverless_queue" "payments" {
  name                        = "payments"
  fifo                        = true
  content_based_deduplication = true
  deduplication_scope         = "messageGroup"
  throughput_limit            = "perMessageGroupId"
}
