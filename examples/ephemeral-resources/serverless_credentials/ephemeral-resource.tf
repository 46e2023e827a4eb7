# A second provider that works as another role, whose credentials are kept nowhere.
ephemeral "serverless_credentials" "deploy" {
  role_arn     = "arn:aws:iam::123456789012:role/deploy"
  session_name = "shop"
  duration     = 900
}

provider "serverless" {
  alias      = "deploy"
  region     = "eu-north-1"
  access_key = ephemeral.serverless_credentials.deploy.access_key
  secret_key = ephemeral.serverless_credentials.deploy.secret_key
  token      = ephemeral.serverless_credentials.deploy.token
}
