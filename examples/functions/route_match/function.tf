terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# { route = "GET /orders/{id}", path_parameters = { id = "7" } }
output "route" {
  value = provider::serverless::route_match(["GET /orders/{id}", "$default"], "GET /orders/7")
}
