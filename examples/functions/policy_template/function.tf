terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region = "eu-north-1"
}

data "serverless_context" "here" {}

output "policy" {
  value = provider::serverless::policy_template("SQSSendMessagePolicy", { QueueName = "mail" }, data.serverless_context.here)
}
