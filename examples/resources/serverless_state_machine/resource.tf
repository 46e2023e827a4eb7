resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
}

resource "serverless_queue" "mail" {
  name = "mail"
}

# Its role may update that table and send to that queue, and nothing else, because
# that is what the definition does.
resource "serverless_state_machine" "fulfill" {
  name = "fulfill"

  definition = jsonencode({
    QueryLanguage = "JSONata"
    StartAt       = "MarkPaid"
    States = {
      MarkPaid = {
        Type     = "Task"
        Resource = "arn:aws:states:::dynamodb:updateItem"
        Arguments = {
          TableName                 = serverless_table.orders.table_name
          Key                       = { id = { S = "{% $states.input.id %}" } }
          UpdateExpression          = "SET paid = :yes"
          ExpressionAttributeValues = { ":yes" = { BOOL = true } }
        }
        Retry  = [{ ErrorEquals = ["States.ALL"], MaxAttempts = 3, JitterStrategy = "FULL" }]
        Output = "{% $states.input %}"
        Next   = "Mail"
      }
      Mail = {
        Type     = "Task"
        Resource = "arn:aws:states:::sqs:sendMessage"
        Arguments = {
          QueueUrl    = serverless_queue.mail.url
          MessageBody = "{% $string($states.input) %}"
        }
        End = true
      }
    }
  })

  # Each change is a version, which the alias leads to. target_arn is the alias's.
  publish = { alias = "live", keep_versions = 5 }
  log     = { level = "ALL", include_data = true, retention_days = 14 }
  tags    = { team = "shop" }
}

# What is only known while an execution runs, the function here, is allowed by
# policies.
resource "serverless_state_machine" "dispatch" {
  name = "dispatch"
  type = "EXPRESS"

  definition = jsonencode({
    StartAt = "Call"
    States = {
      Call = {
        Type       = "Task"
        Resource   = "arn:aws:states:::lambda:invoke"
        Parameters = { "FunctionName.$" = "$.function", "Payload.$" = "$" }
        End        = true
      }
    }
  })

  policies = [jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = "arn:aws:lambda:eu-north-1:*:function:shop-*"
    }]
  })]

  tracing = false
}
