# Runs offline, on the emulator in the provider: tfserverless test, terraform test or
# tofu test.

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} }
}

variables {
  name       = "hello"
  source_dir = "./examples/hello/src"
}

run "api" {
  module {
    source = "./tests/api"
  }
}

run "plan" {
  command = plan

  variables {
    api         = run.api.id
    route       = "GET /hello"
    environment = { GREETING = "Hello" }
  }

  assert {
    condition     = serverless_function.this.environment_effective["GREETING"] == "Hello"
    error_message = "The environment does not reach the function."
  }
}

run "refuses_a_path_alone" {
  command = plan

  variables {
    api   = run.api.id
    route = "/hello"
  }

  expect_failures = [var.route]
}

run "deploy" {
  variables {
    api         = run.api.id
    route       = "GET /hello"
    environment = { GREETING = "Hello" }
  }
}

run "call" {
  module {
    source = "./tests/call"
  }

  variables {
    url = "${run.api.url}/hello"
  }

  assert {
    condition     = output.status == 200 && output.body == "Hello, world"
    error_message = "The route answered ${output.status}: ${output.body}"
  }
}
