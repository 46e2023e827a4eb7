resource "serverless_activity" "approve" {
  name = "approve"
}

data "serverless_activity" "approve" {
  activity_name = serverless_activity.approve.activity_name
}

output "arn" {
  value = data.serverless_activity.approve.arn
}
