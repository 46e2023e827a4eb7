list "serverless_event_source" "all" {
  provider = serverless
}
