# By the name on AWS, or by the ARN.
terraform import serverless_activity.approve approve
terraform import serverless_activity.approve arn:aws:states:eu-north-1:123456789012:activity:approve
