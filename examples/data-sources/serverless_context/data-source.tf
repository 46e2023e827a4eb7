data "serverless_context" "here" {}

output "console" {
  value = data.serverless_context.here.emulator ? null : "https://${data.serverless_context.here.region}.console.aws.amazon.com/"
}

output "account" {
  value = data.serverless_context.here.account_id
}
