# By the name of the role on AWS, and that of the grant: what the Sid of its statements
# begins with.
terraform import serverless_grant.reports reports/Grant0a1b2c3d4e
