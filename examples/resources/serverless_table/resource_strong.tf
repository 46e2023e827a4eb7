# A table whose copy is consistent with it at every moment. The witness keeps what is
# written, and has no table.
resource "serverless_table" "balances" {
  name          = "balances"
  region        = "eu-west-1"
  partition_key = { name = "account", type = "S" }
  stream        = "NEW_AND_OLD_IMAGES"

  replicas           = { eu-central-1 = { max_read = 500 } }
  strong_consistency = { witness = "eu-west-2" }
}
