# The inline policies of one role.
list "serverless_role_policy" "shop" {
  provider = serverless

  config {
    role_name = "shop-a"
  }
}
