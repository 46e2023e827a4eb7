resource "serverless_layer" "words" {
  name   = "words"
  retain = false
  source = { inline = { "nodejs/node_modules/words/index.js" = "exports.hello = 'hello'" } }
}

data "serverless_layer" "words" {
  layer_name = serverless_layer.words.layer_name
}

output "newest" {
  value = data.serverless_layer.words.version
}
