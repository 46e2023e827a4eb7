# A table with a copy in another region.
resource "serverless_table" "sessions" {
  name          = "sessions"
  partition_key = { name = "id", type = "S" }
  stream        = "NEW_AND_OLD_IMAGES"

  replicas = {
    eu-west-1 = { point_in_time_recovery_days = 7 }
  }
}
