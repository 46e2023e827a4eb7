# By the name on AWS, or by the ARN.
terraform import serverless_state_machine.fulfill shop-dev-fulfill
terraform import serverless_state_machine.fulfill arn:aws:states:eu-north-1:123456789012:stateMachine:shop-dev-fulfill

# A state machine in another region than the provider's.
terraform import serverless_state_machine.fulfill shop-dev-fulfill@eu-west-1

# A state machine of the provider hashicorp/aws moves with its state:
#   moved {
#     from = aws_sfn_state_machine.fulfill
#     to   = serverless_state_machine.fulfill
#   }
