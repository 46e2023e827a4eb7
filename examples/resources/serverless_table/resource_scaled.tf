# Capacity that is paid for all the time and follows the load. What there is now
# shows in no plan.
resource "serverless_table" "visits" {
  name          = "visits"
  partition_key = { name = "page", type = "S" }

  capacity = {
    read  = { min = 5, max = 100 }
    write = { min = 5, max = 50, target = 60 }
  }

  global_indexes = {
    # The keys of an index can have several attributes.
    by_place = {
      partition_keys = [{ name = "country", type = "S" }, { name = "city", type = "S" }]
      sort_keys      = [{ name = "year", type = "N" }, { name = "day", type = "N" }]
      projection     = { type = "KEYS_ONLY" }
      capacity       = { read = { units = 5 }, write = { units = 5 } }
    }
  }

  contributor_insights = "THROTTLED_KEYS"

  resource_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "210987654321" }
      Action    = "dynamodb:GetItem"
      Resource  = "*"
    }]
  })
}
