package acctest

// adoptions is what [TestAdopt] takes over, by type.
var adoptions = map[string]adoption{
	"serverless_activity": {
		one: activitySubject.Base, two: Arguments{"name": `"sign"`},
		ids: activitySubject.Import, prefix: "app",
	},
	"serverless_authorizer": {
		before: apiAndFunctions, one: authorizerSubject.Base, two: authorizerSubject.Base.with(Arguments{"name": `"people"`, "function": "", "jwt": `{ issuer = "https://example.com", audience = ["a"] }`}),
		ids: []string{"{api}/{id}", "arn:aws:apigateway:eu-north-1::/apis/{api}/authorizers/{id}"}, list: `api = "{api}"`, prefix: "us",
	},
	"serverless_domain": {
		one: domainSubject.Base, two: domainSubject.Base.with(Arguments{"domain_name": `"other.example.com"`}),
		ids: domainSubject.Import, prefix: "api",
	},
	"serverless_domain_mapping": {
		before: apiAndDomains, one: mappingSubject.Base, two: mappingSubject.Base.with(Arguments{"domain": `serverless_domain.other.domain_name`}),
		ids: []string{"{domain}/{id}", "arn:aws:apigateway:eu-north-1::/domainnames/{domain}/apimappings/{id}"}, list: `domain = "{domain}"`, elsewhere: true,
	},
	"serverless_event_source": {
		before: sources, ids: []string{"{id}", "{arn}", "{id}@{region}"},
		one: Arguments{"function": `serverless_function.f.arn`, "sqs": `{ queue_arn = serverless_queue.q.arn }`, "filters": `[jsonencode({ body = { kind = ["a"] } })]`},
		two: Arguments{"function": `serverless_function.f.arn`, "sqs": `{ queue_arn = serverless_queue.r.arn }`},
	},
	"serverless_function": {
		before: someTable + "resource \"serverless_queue\" \"dead\" {\n  name = \"dead\"\n}\n",
		one:    functionSubject.Base.with(Arguments{"policy_arns": `["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]`}), two: Arguments{"name": `"bye"`, "runtime": `"nodejs22.x"`, "handler": `"index.handler"`, "source": hello("bye")},
		ids: functionSubject.Import, prefix: "hel", lacks: Arguments{"source": hello("hello")}, changes: []string{"last_modified", "source"},
	},
	"serverless_function_alias": {
		before: twoFunctions, list: `function = "{function}"`, ids: []string{"{function}/{name}", "{function}/{name}@{region}", "{arn}"}, prefix: "li",
		one: Arguments{"function": `serverless_function.f.function_name`, "name": `"live"`, "version": `serverless_function_version.v.version`},
		two: Arguments{"function": `serverless_function.f.function_name`, "name": `"next"`, "version": `serverless_function_version.v.version`},
	},
	"serverless_function_async_config": {
		before: twoFunctions, list: `function = "{function}"`, ids: []string{"{function}", "arn:aws:lambda:eu-north-1:000000000000:function:{function}"}, elsewhere: true,
		one: Arguments{"function": `serverless_function.f.function_name`, "max_retries": `1`, "on_failure": `serverless_function.other.arn`},
		two: Arguments{"function": `serverless_function.other.function_name`, "max_retries": `0`},
	},
	"serverless_function_permission": {
		before: twoFunctions, list: `function = "{function}"`, ids: []string{"{function}/{statement_id}"}, prefix: "one",
		one: Arguments{"function": `serverless_function.f.function_name`, "principal": `"events.amazonaws.com"`, "statement_id": `"one"`},
		two: Arguments{"function": `serverless_function.f.function_name`, "principal": `"s3.amazonaws.com"`, "statement_id": `"two"`},
	},
	"serverless_function_url": {
		before: twoFunctions, list: `function = "{function}"`, ids: []string{"{function}", "arn:aws:lambda:eu-north-1:000000000000:function:{function}"}, elsewhere: true,
		one: Arguments{"function": `serverless_function.f.function_name`, "auth": `"NONE"`, "cors": `{ allow_origins = ["https://example.com"] }`},
		two: Arguments{"function": `serverless_function.other.function_name`},
	},
	"serverless_function_version": {
		before: twoFunctions, list: `function = "{function}"`, ids: []string{"{function}/{version}", "{arn}"}, elsewhere: true,
		one: Arguments{"function": `serverless_function.other.function_name`, "retain": `false`},
		two: Arguments{"function": `serverless_function.f.function_name`},
	},
	"serverless_grant": {
		before: grantSubject.Before, list: `role_name = "{role_name}"`, ids: grantSubject.Import, elsewhere: true, lacks: Arguments{"from": `serverless_role.r.arn`}, changes: []string{"from"},
		one: grantSubject.Base, two: grantSubject.Base.with(Arguments{"from": `serverless_role.other.arn`}),
	},
	"serverless_http_api": {
		one: httpAPISubject.Base, two: httpAPISubject.Base.with(Arguments{"name": `"other"`}), ids: httpAPISubject.Import, prefix: "sho",
	},
	"serverless_integration": {
		before: apiAndFunctions, list: `api = "{api}"`, ids: []string{"{api}/{id}", "arn:aws:apigateway:eu-north-1::/apis/{api}/integrations/{id}"}, elsewhere: true,
		one: integrationSubject.Base, two: integrationSubject.Base.with(Arguments{"api": `serverless_http_api.other.id`}),
	},
	"serverless_layer": {
		ids: []string{"{layer_name}", "{layer_arn}"}, prefix: "wor", lacks: Arguments{"source": words("hello")}, changes: []string{"source"},
		one: Arguments{"name": `"words"`, "source": words("hello"), "runtimes": `["nodejs22.x"]`}, two: Arguments{"name": `"more"`, "source": words("more")},
	},
	"serverless_layer_permission": {
		before: "resource \"serverless_layer\" \"words\" {\n  name   = \"words\"\n  source = " + words("hello") + "\n}\n",
		list:   "layer_name = \"{layer_name}\"\n version = \"{version}\"", ids: []string{"{layer_name}/{version}/{statement_id}"}, prefix: "sh",
		one: Arguments{"layer_name": `serverless_layer.words.layer_name`, "version": `serverless_layer.words.version`, "statement_id": `"share"`, "principal": `"123456789012"`},
		two: Arguments{"layer_name": `serverless_layer.words.layer_name`, "version": `serverless_layer.words.version`, "statement_id": `"other"`, "principal": `"123456789013"`},
	},
	"serverless_log_group": {
		one: logGroupSubject.Base, two: Arguments{"name": `"other"`}, ids: logGroupSubject.Import, prefix: "/shop",
	},
	"serverless_provisioned_concurrency": {
		before: twoFunctions + "resource \"serverless_function_version\" \"w\" {\n  function = serverless_function.other.function_name\n}\n",
		list:   `function = "hello"`, ids: []string{"{function}", "arn:aws:lambda:eu-north-1:000000000000:function:{function}"}, elsewhere: true,
		one: Arguments{"function": `"hello:${serverless_function_version.v.version}"`, "executions": `1`},
		two: Arguments{"function": `"other:${serverless_function_version.w.version}"`, "executions": `1`},
	},
	"serverless_queue": {
		one: queueSubject.Base, two: Arguments{"name": `"other"`}, ids: queueSubject.Import, prefix: "mai", twins: 1, // its dead letters
	},
	"serverless_queue_policy": {
		before: queuePolicySubject.Before, one: queuePolicySubject.Base, two: Arguments{"queue_name": `serverless_queue.other.queue_name`, "policy": queuePolicy("222222222222")},
		ids: []string{"{queue_name}", "{id}"}, prefix: "mai",
	},
	"serverless_role": {
		one: roleSubject.Base, two: Arguments{"name": `"other"`, "services": `["lambda.amazonaws.com"]`}, ids: roleSubject.Import, prefix: "wor",
	},
	"serverless_role_policy": {
		before: rolePolicySubject.Before, one: rolePolicySubject.Base, two: rolePolicySubject.Base.with(Arguments{"name": `"more"`}),
		list: `role_name = "{role_name}"`, ids: rolePolicySubject.Import, prefix: "ex",
	},
	"serverless_route": {
		before: apiAndFunctions, one: routeSubject.Base, two: routeSubject.Base.with(Arguments{"route": `"POST /orders"`}),
		list: `api = "{api}"`, ids: append([]string{"arn:aws:apigateway:eu-north-1::/apis/{api}/routes/{id}"}, routeSubject.Import...), prefix: "GET /o",
	},
	"serverless_routing_rule": {
		before: apiAndDomains + `resource "serverless_domain" "rules" {
  domain_name     = "rules.example.com"
  certificate_arn = "` + certificate + `a"
  routing_mode    = "ROUTING_RULE_ONLY"
}
`,
		one: ruleSubject.Base, two: ruleSubject.Base.with(Arguments{"domain": `serverless_domain.rules.domain_name`}),
		list: `domain = "{domain}"`, ids: []string{"{domain}/{id}", "{arn}"}, elsewhere: true,
	},
	"serverless_stage": {
		before: stageSubject.Before, one: stageSubject.Base, two: stageSubject.Base.with(Arguments{"name": `"live"`}),
		list: `api = "{api}"`, mates: 1, ids: []string{"{api}/{name}", "{arn}"}, prefix: "te",
	},
	"serverless_state_machine": {
		before: stateMachineSubject.Before, one: stateMachineSubject.Base, two: Arguments{"name": `"other"`, "definition": passes},
		ids: stateMachineSubject.Import, prefix: "ful",
	},
	"serverless_state_machine_alias": {
		before: publishedMachine, one: stateMachineAliasSubject.Base.with(Arguments{"state_machine": `"fulfill"`, "version": `serverless_state_machine.fulfill.version`}), two: stateMachineAliasSubject.Base.with(Arguments{"name": `"other"`}),
		list: `state_machine = "fulfill"`, mates: 1, ids: stateMachineAliasSubject.Import, prefix: "st",
	},
	"serverless_table": {
		one: tableSubject.Base, two: Arguments{"name": `"notes"`, "partition_key": `{ name = "id", type = "S" }`}, ids: tableSubject.Import, prefix: "ord",
	},
	"serverless_table_item": {
		before: itemTable, one: itemSubject.Base, two: Arguments{"table": `serverless_table.t.table_name`, "item": `{ id = "b", n = 1 }`},
		list: `table = "{table}"`, ids: itemSubject.Import, prefix: `{"id":{"S":"a"`,
	},
	"serverless_table_items": {
		before: itemTable + "resource \"serverless_table\" \"u\" {\n  name = \"users\"\n  partition_key = { name = \"id\", type = \"S\" }\n}\n",
		one:    itemsSubject.Base, two: Arguments{"table": `serverless_table.u.table_name`, "items": `[{ id = "b" }]`},
		ids: append([]string{"arn:aws:dynamodb:eu-north-1:000000000000:table/{table}"}, itemsSubject.Import...), unlisted: "They are items of a table, and those can be listed.",
	},
	"serverless_vpc_link": {
		one: vpcLinkSubject.Base, two: vpcLinkSubject.Base.with(Arguments{"name": `"other"`}), ids: vpcLinkSubject.Import, prefix: "ins",
	},
	"serverless_websocket_api": {
		one: webSocketAPISubject.Base, two: webSocketAPISubject.Base.with(Arguments{"name": `"other"`}), ids: webSocketAPISubject.Import, prefix: "cha",
	},
}
