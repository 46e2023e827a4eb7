# By the name of the group on AWS, or by its ARN.
terraform import serverless_log_group.shop /shop/functions
terraform import serverless_log_group.shop arn:aws:logs:eu-north-1:123456789012:log-group:/shop/functions
