# The grants of one role, with what they allow.
list "serverless_grant" "shop" {
  provider         = serverless
  include_resource = true

  config {
    role_name = "shop-a"
  }
}
