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
  route    = "POST /warm"
  function = serverless_function.hello.target_arn

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.serverless_request.warm]
    }
  }
}

# The first request to the new route.
action "serverless_request" "warm" {
  config {
    url  = "${serverless_http_api.hello.url}/warm"
    body = jsonencode({ reason = "deployed" })
  }
}
