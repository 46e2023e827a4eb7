terraform import serverless_routing_rule.beta api.example.com/a1b2c3
