# A route of an HTTP API and the function that answers it. What the function uses
# is linked: it gets the permission and the environment variables.

terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

variable "api" {
  description = "Id of the HTTP API."
  type        = string
}

variable "route" {
  description = "What is answered, such as \"GET /orders/{id}\"."
  type        = string

  validation {
    condition     = can(regex("^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) /", var.route))
    error_message = "A route is a method and a path, such as \"GET /orders/{id}\"."
  }
}

variable "name" {
  description = "Name of the function."
  type        = string
}

variable "source_dir" {
  description = "Folder with the function's code; its index.mjs exports the handler."
  type        = string
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  default     = {}
}

variable "links" {
  description = "What the function uses, by the prefix of the environment variables that name it."
  type = map(object({
    to     = string
    access = list(string)
  }))
  default = {}
}

resource "serverless_function" "this" {
  name        = var.name
  runtime     = "nodejs22.x"
  handler     = "index.handler"
  source      = { dir = var.source_dir }
  environment = var.environment
  links       = var.links
}

resource "serverless_route" "this" {
  api      = var.api
  route    = var.route
  function = serverless_function.this.target_arn
}

output "function_name" {
  description = "Name of the function on AWS."
  value       = serverless_function.this.function_name
}

output "role_arn" {
  description = "ARN of the function's role, to give it more."
  value       = serverless_function.this.role_arn
}
