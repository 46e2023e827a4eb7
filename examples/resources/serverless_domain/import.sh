terraform import serverless_domain.api api.example.com
