# By the name on AWS, or by the ARN.
terraform import serverless_queue.mail shop-dev-mail
terraform import serverless_queue.mail arn:aws:sqs:eu-north-1:123456789012:shop-dev-mail

# A queue in another region than the provider's.
terraform import serverless_queue.mail shop-dev-mail@eu-west-1

# A queue of the provider hashicorp/aws moves with its state:
#   moved {
#     from = aws_sqs_queue.mail
#     to   = serverless_queue.mail
#   }
