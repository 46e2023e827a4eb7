terraform import serverless_event_source.mail 11111111-2222-4333-8444-555555555555
