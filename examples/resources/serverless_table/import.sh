# By the name on AWS, or by the ARN.
terraform import serverless_table.orders shop-dev-orders
terraform import serverless_table.orders arn:aws:dynamodb:eu-north-1:123456789012:table/shop-dev-orders

# A table in another region than the provider's.
terraform import serverless_table.orders shop-dev-orders@eu-west-1

# A table of the provider hashicorp/aws moves with its state:
#   moved {
#     from = aws_dynamodb_table.orders
#     to   = serverless_table.orders
#   }
