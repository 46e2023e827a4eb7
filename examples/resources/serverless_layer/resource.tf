resource "serverless_layer" "words" {
  name     = "words"
  runtimes = ["nodejs22.x"]
  retain   = false # its versions go with it

  source = {
    inline = {
      "nodejs/node_modules/words/index.js" = "exports.hello = 'hello'"
    }
  }
}

resource "serverless_function" "hello" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  layers  = [serverless_layer.words.arn]

  source = {
    inline = {
      "index.cjs" = "exports.handler = async () => require('words').hello"
    }
  }
}
