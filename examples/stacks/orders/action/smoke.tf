# A smoke call as an action, for tfserverless and Terraform 1.14: copy this file
# beside main.tf. A check warns; an action that fails ends the apply with an error.
action "serverless_invoke" "smoke" {
  config {
    function = serverless_function.orders_api.target_arn
    payload  = provider::serverless::sample_event("http_api", { route = "GET /orders" })
  }
}

# Each version that is deployed is called once.
resource "terraform_data" "deployed" {
  triggers_replace = serverless_function.orders_api.version

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.serverless_invoke.smoke]
    }
  }
}
