terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# ORDERS_TABLE
output "name" {
  value = provider::serverless::env_name("orders-table")
}
