# A role that several functions share.
data "serverless_policy" "worker" {
  statements = [{
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::shop-pictures/*"]
  }]
}

resource "serverless_role" "worker" {
  name        = "worker"
  description = "What the workers of the shop run as."
  services    = ["lambda.amazonaws.com"]
  policies    = [data.serverless_policy.worker.json]
  policy_arns = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
  tags        = { app = "shop" }
}

resource "serverless_function" "resize" {
  name     = "resize"
  runtime  = "nodejs22.x"
  handler  = "index.handler"
  role_arn = serverless_role.worker.arn
  source   = { inline = { "index.mjs" = "export const handler = async (event) => event" } }
}
