resource "serverless_http_api" "hello" {
  name = "hello"
}

resource "serverless_function" "hello" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => ({ hello: 1 });" } }
}

resource "serverless_route" "hello" {
  api      = serverless_http_api.hello.id
  route    = "GET /hello"
  function = serverless_function.hello.target_arn
  auth     = "iam"
}

# What the API answers to who signs requests.
data "serverless_request" "hello" {
  url        = "${serverless_http_api.hello.url}/hello"
  sign       = true
  depends_on = [serverless_route.hello]
}

output "answer" {
  value = "${data.serverless_request.hello.status}: ${data.serverless_request.hello.response}"
}
