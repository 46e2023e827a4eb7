# By the name of the role on AWS and that of the policy.
terraform import serverless_role_policy.mail orders-0a1b2c3d/mail
