# A way to servers in a VPC; routes name it in http.vpc_link.
resource "serverless_vpc_link" "inside" {
  name               = "inside"
  subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  security_group_ids = ["sg-0123456789abcdef0"]
}
