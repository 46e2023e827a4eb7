resource "serverless_layer" "words" {
  name   = "words"
  retain = false
  source = { inline = { "nodejs/node_modules/words/index.js" = "exports.hello = 'hello'" } }
}

resource "serverless_layer_permission" "partner" {
  layer_name   = serverless_layer.words.layer_name
  version      = serverless_layer.words.version
  statement_id = "partner"
  principal    = "123456789012"
}
