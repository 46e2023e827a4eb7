# All VPC links of the region.
list "serverless_vpc_link" "all" {
  provider = serverless
}
