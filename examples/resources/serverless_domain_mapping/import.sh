terraform import serverless_domain_mapping.shop api.example.com/a1b2c3
