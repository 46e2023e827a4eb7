terraform import 'serverless_route.orders["GET /orders"]' 'a1b2c3d4e5/GET /orders'
