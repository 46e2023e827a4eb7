# By the name of the queue on AWS, or by its ARN.
terraform import serverless_queue_policy.mail shop-dev-mail
terraform import serverless_queue_policy.mail arn:aws:sqs:eu-north-1:123456789012:shop-dev-mail
