# A shop's orders: an HTTP API that takes them, a table that keeps them, a state
# machine that charges for them, a function that follows the table's stream, and a
# queue of mails.
#
#   tfserverless apply -var issuer=https://login.example.com
terraform {
  required_version = ">= 1.8" # functions of providers
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

variable "stage" {
  description = "Which of the copies of the shop this is, such as dev."
  type        = string
  default     = "dev"
}

variable "issuer" {
  description = "URL of whoever signs the customers' tokens, any issuer of OpenID Connect."
  type        = string
}

variable "audience" {
  description = "Whom the tokens must be for."
  type        = string
  default     = "shop"
}

provider "serverless" {
  region      = "eu-north-1"
  backend     = { emulator = {} }    # leave this line out to deploy to AWS
  name_prefix = "shop-${var.stage}-" # every physical name below begins with it
  stack       = "shop-${var.stage}"  # what a killed apply left half made is found again
  tags        = { app = "shop", stage = var.stage }

  defaults = { # shown in the plan of each resource that they fill
    function = {
      runtime     = "nodejs22.x"
      handler     = "index.handler"
      memory      = 512
      timeout     = 10
      log         = { retention_days = 30 }
      environment = { STAGE = var.stage }
    }
    table = { deletion_protection = var.stage == "prod" }
  }
}

# ---- data -------------------------------------------------------------------

resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "pk", type = "S" } # the customer
  sort_key      = { name = "sk", type = "S" } # order#<id>, or latest

  global_indexes = {
    by_status = {
      partition_key = { name = "status", type = "S" }
      sort_key      = { name = "created_at", type = "N" }
      projection    = { type = "INCLUDE", attributes = ["total"] }
    }
  }

  stream = "NEW_AND_OLD_IMAGES"
  ttl    = "expires_at"
}

resource "serverless_queue" "mail" {
  name               = "mail"
  visibility_timeout = 60
  dead_letter        = { max_receives = 5 } # makes mail-dlq and what allows it
}

resource "serverless_queue" "failures" {
  name      = "failures"
  retention = 1209600
}

# ---- client -> HTTP API -> function -> table ----------------------------------

resource "serverless_http_api" "shop" {
  name       = "shop"
  access_log = {} # a log group of its own, a line of JSON per request
  throttle   = { rate = 200, burst = 400 }

  cors = {
    allow_origins = ["https://shop.example.com"]
    allow_methods = ["GET", "POST"]
    allow_headers = ["authorization", "content-type"]
    max_age       = 3600
  }
}

resource "serverless_authorizer" "users" {
  api  = serverless_http_api.shop.id
  name = "users"
  jwt = {
    issuer   = var.issuer
    audience = [var.audience]
  }
}

resource "serverless_function" "orders_api" {
  name    = "orders-api"
  source  = { dir = "${path.module}/src/orders-api", exclude = ["**/*.test.mjs"] }
  publish = { alias = "live", keep_versions = 5 }

  links = { # environment variables and the role's rights, from one line each
    ORDERS = { to = serverless_table.orders.arn, access = ["read", "write"] }
    FULFIL = { to = serverless_state_machine.fulfil.arn, access = ["start"] }
  }
}

resource "serverless_route" "orders" {
  for_each   = toset(["GET /orders", "GET /orders/{id}", "POST /orders"])
  api        = serverless_http_api.shop.id
  route      = each.key
  function   = serverless_function.orders_api.target_arn # the alias, as publish is set
  authorizer = serverless_authorizer.users.id
}

# ---- table stream -> function -------------------------------------------------

resource "serverless_function" "projector" {
  name   = "order-projector"
  source = { dir = "${path.module}/src/projector" }
  links  = { ORDERS = { to = serverless_table.orders.arn, access = ["write"] } }
}

resource "serverless_event_source" "orders_stream" {
  function = serverless_function.projector.target_arn
  batch    = { size = 100, window = 1 }

  # Orders only: what the function writes itself comes by here, too.
  filters = [jsonencode({
    eventName = ["INSERT", "MODIFY"]
    dynamodb  = { Keys = { sk = { S = [{ prefix = "order#" }] } } }
  })]

  dynamodb = {
    stream_arn        = serverless_table.orders.stream_arn
    starting_position = "TRIM_HORIZON"
    bisect_on_error   = true
    max_retries       = 3
    on_failure        = serverless_queue.failures.arn
  }
}

# ---- queue -> function --------------------------------------------------------

resource "serverless_function" "mailer" {
  name   = "mailer"
  source = { dir = "${path.module}/src/mailer" }
}

resource "serverless_event_source" "mail" {
  function             = serverless_function.mailer.target_arn
  report_item_failures = true
  batch                = { size = 10 }
  sqs                  = { queue_arn = serverless_queue.mail.arn, max_concurrency = 5 }
}

# ---- state machine ------------------------------------------------------------

resource "serverless_function" "charge" {
  name    = "charge"
  runtime = "provided.al2023"
  handler = "bootstrap"
  source  = { dir = "${path.module}/cmd/charge", build = { go = {} } }
}

resource "serverless_state_machine" "fulfil" {
  name = "fulfil-order" # a role, its rights by the definition, and a log group come with it

  definition = jsonencode({
    StartAt = "Charge"
    States = {
      Charge = {
        Type           = "Task"
        Resource       = "arn:aws:states:::lambda:invoke"
        Parameters     = { FunctionName = serverless_function.charge.target_arn, "Payload.$" = "$" }
        ResultSelector = { "receipt.$" = "$.Payload.receipt" }
        ResultPath     = "$.charge"
        Retry = [{
          ErrorEquals     = ["Lambda.ServiceException", "Lambda.TooManyRequestsException"]
          IntervalSeconds = 1
          MaxAttempts     = 4
          BackoffRate     = 2
        }]
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.error", Next = "Mail" }]
        Next  = "MarkPaid"
      }
      MarkPaid = {
        Type     = "Task"
        Resource = "arn:aws:states:::dynamodb:updateItem"
        Parameters = {
          TableName                 = serverless_table.orders.table_name
          Key                       = { pk = { "S.$" = "$.pk" }, sk = { "S.$" = "$.sk" } }
          UpdateExpression          = "SET #s = :s"
          ExpressionAttributeNames  = { "#s" = "status" }
          ExpressionAttributeValues = { ":s" = { S = "PAID" } }
        }
        ResultPath = null
        Next       = "Mail"
      }
      Mail = {
        Type       = "Task"
        Resource   = "arn:aws:states:::sqs:sendMessage"
        Parameters = { QueueUrl = serverless_queue.mail.url, "MessageBody.$" = "$" }
        End        = true
      }
    }
  })
}

# ---- after every apply ----------------------------------------------------------

# The function answers. A check that does not hold is a warning; the folder action
# has what ends an apply with an error.
check "function" {
  data "serverless_invocation" "orders" {
    function = serverless_function.orders_api.target_arn
    payload  = provider::serverless::sample_event("http_api", { route = "GET /orders" })
  }

  assert {
    condition     = jsondecode(data.serverless_invocation.orders.result).statusCode == 200
    error_message = "GET /orders gave ${data.serverless_invocation.orders.result}."
  }
}

# Nobody gets through the API without a token.
check "route" {
  data "serverless_request" "stranger" {
    url        = "${serverless_http_api.shop.url}/orders"
    depends_on = [serverless_route.orders]
  }

  assert {
    condition     = data.serverless_request.stranger.status == 401
    error_message = "GET /orders without a token gave ${data.serverless_request.stranger.status}."
  }
}

output "url" {
  description = "Where the API is."
  value       = serverless_http_api.shop.url
}
