terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

# 5.5
output "total" {
  value = provider::serverless::jsonata("{% $sum($states.input.items.price) %}", { items = [{ price = 2 }, { price = 3.5 }] })
}
