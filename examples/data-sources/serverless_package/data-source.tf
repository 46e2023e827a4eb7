data "serverless_package" "orders" {
  inline = { "index.mjs" = "export const handler = async (event) => event" }
}

output "package" {
  value = "${data.serverless_package.orders.sha256}, ${data.serverless_package.orders.size} bytes"
}
