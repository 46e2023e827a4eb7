resource "serverless_table" "countries" {
  name          = "countries"
  partition_key = { name = "code", type = "S" }

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.serverless_put_items.first]
    }
  }
}

# Fills the new table, and never again.
action "serverless_put_items" "first" {
  config {
    table     = "countries"
    overwrite = false
    items = [
      { code = "NO", name = "Norway" },
      { code = "SE", name = "Sweden" },
    ]
  }
}
