data "serverless_policy_template" "orders" {
  name       = "DynamoDBCrudPolicy"
  parameters = { TableName = "orders" }
}

resource "serverless_role" "worker" {
  name     = "worker"
  services = ["lambda.amazonaws.com"]
  policies = [data.serverless_policy_template.orders.json]
}
