# By the name of the role on AWS, or by its ARN.
terraform import serverless_role.worker shop-dev-worker
terraform import serverless_role.worker arn:aws:iam::123456789012:role/shop-dev-worker
