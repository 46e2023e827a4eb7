terraform import serverless_stage.test a1b2c3d4e5/test
