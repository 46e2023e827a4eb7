# terraform query finds the WebSocket APIs of one application, whoever made them.
list "serverless_websocket_api" "chat" {
  provider = serverless

  config {
    tags = { app = "shop" }
  }
}
