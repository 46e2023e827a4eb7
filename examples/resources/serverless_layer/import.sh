terraform import serverless_layer.words words
