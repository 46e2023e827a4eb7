resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "pk", type = "S" }
  sort_key      = { name = "sk", type = "S" }

  global_indexes = {
    by_status = {
      partition_key = { name = "status", type = "S" }
      sort_key      = { name = "created_at", type = "N" }
      projection    = { type = "INCLUDE", attributes = ["total"] }
    }
  }

  stream = "NEW_AND_OLD_IMAGES"
  ttl    = "expires_at"

  tags = { team = "orders" }
}
