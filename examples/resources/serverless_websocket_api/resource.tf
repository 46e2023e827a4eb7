resource "serverless_websocket_api" "chat" {
  name       = "chat"
  access_log = {}
  throttle   = { rate = 100, burst = 200 }
}

resource "serverless_function" "chat" {
  name    = "chat"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (event) => ({ statusCode: 200, body: event.requestContext.routeKey });" } }
}

# A message { "action": "send", … } goes to the route send.
resource "serverless_route" "chat" {
  for_each = toset(["$connect", "$disconnect", "$default", "send"])
  api      = serverless_websocket_api.chat.id
  route    = each.key
  function = serverless_function.chat.target_arn
}

# Nobody is asked for the answer to { "action": "ping" }.
resource "serverless_route" "ping" {
  api     = serverless_websocket_api.chat.id
  route   = "ping"
  mock    = { body = "{\"pong\": \"$context.connectionId\"}" }
  answers = true
}

output "url" {
  value = serverless_websocket_api.chat.url
}
