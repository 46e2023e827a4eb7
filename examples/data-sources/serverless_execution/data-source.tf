variable "execution" {
  type        = string
  description = "ARN of an execution to look at."
  default     = null
}

data "serverless_execution" "this" {
  count           = var.execution == null ? 0 : 1
  arn             = var.execution
  wait            = true
  include_history = true
}

output "entered" {
  value = [for e in flatten(data.serverless_execution.this[*].history) : e.state if endswith(e.type, "StateEntered")]
}
