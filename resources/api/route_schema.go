package api

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var routeSchema = schema.Schema{
	MarkdownDescription: "Which requests of an API go where: to a function, to a server, or to another service of AWS. The integration between both and the permission to call the function come with it; " +
		"routes of one API to the same function share one permission.",
	Attributes: map[string]schema.Attribute{
		"id":  tf.Computed("The route's id. To import a route its key may stand in the id's place: `a1b2c3d4e5/GET /orders`."),
		"api": schema.StringAttribute{Required: true, MarkdownDescription: "Id of the API. Changing it replaces the route."},
		"route": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthAtMost(1024)},
			MarkdownDescription: "The requests. Of an HTTP API: a method and a path such as `GET /notes/{id}`, where `{id}` stands for one segment and `{rest+}` for all that follow, `ANY` for every method; or `$default` for all that no other route takes. " +
				"Of a WebSocket API: `$connect`, `$disconnect`, `$default`, or what the API's `selection` finds in a message.",
		},
		"function": schema.StringAttribute{
			Optional: true, Validators: []validator.String{functionARN},
			MarkdownDescription: "ARN of the function that answers: the `target_arn` of a `serverless_function`.",
		},
		"http": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "The server that answers.",
			Attributes: map[string]schema.Attribute{
				"url": schema.StringAttribute{
					Required: true, Validators: []validator.String{tf.Pattern(`^(https?://|arn:)`, "write a URL with http:// or https://, or with vpc_link the ARN of a listener or of a Cloud Map service")},
					MarkdownDescription: "Where requests go: a URL, in whose path the route's `{variables}` may stand. With `vpc_link` the ARN of a load balancer's listener or of a Cloud Map service.",
				},
				"method": schema.StringAttribute{
					Optional: true, Computed: true, Default: stringdefault.StaticString("ANY"),
					Validators:          []validator.String{stringvalidator.OneOf("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")},
					MarkdownDescription: "Method of the requests; `ANY` keeps that of each. Default: `ANY`.",
				},
				"vpc_link":    schema.StringAttribute{Optional: true, MarkdownDescription: "Id of a `serverless_vpc_link` that leads to the server. Default: none, over the internet."},
				"server_name": schema.StringAttribute{Optional: true, MarkdownDescription: "Name that the certificate of the server behind the VPC link must have. Default: the link is not encrypted."},
			},
		},
		"service": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "The operation of another service that each request carries out, without a function between. For HTTP APIs.",
			Attributes: map[string]schema.Attribute{
				"action": schema.StringAttribute{
					Required: true, Validators: []validator.String{tf.Pattern(`^[A-Za-z]+-[A-Za-z]+$`, "write a service and an operation such as SQS-SendMessage, EventBridge-PutEvents or StepFunctions-StartExecution")},
					MarkdownDescription: "The operation: `SQS-SendMessage`, `EventBridge-PutEvents`, `StepFunctions-StartExecution` and others that AWS lists as subtypes of integrations.",
				},
				"params": schema.MapAttribute{
					ElementType: tftypes.StringType, Required: true,
					MarkdownDescription: "Parameters of the operation, by name; a value may take from the request: `$request.body`, `$request.body.order.id`, `$request.querystring.q`, `$request.path.id`, `$request.header.x`, `$context.requestId`.",
				},
				"role_arn": schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`^arn:[^:]+:iam::\d{12}:role/.+$`, "write the ARN of a role")}, MarkdownDescription: "ARN of the role that lets API Gateway carry it out."},
			},
		},
		"mock": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "An answer that nobody is asked for. For WebSocket APIs: on `$connect` a `status` below 300 lets everyone in.",
			Attributes: map[string]schema.Attribute{
				"status": schema.Int64Attribute{
					Optional: true, Computed: true, Default: int64default.StaticInt64(200), Validators: []validator.Int64{int64validator.Between(200, 599)},
					MarkdownDescription: "Status of the answer, 200 to 599. Default: 200.",
				},
				"body": schema.StringAttribute{
					Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
					MarkdownDescription: "What the client gets with `answers = true`: a template, such as `{\"pong\": \"$context.requestId\"}`. Default: nothing.",
				},
			},
		},
		"api_key": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether clients of a WebSocket API must show an API key, where the API's `api_key_selection` says. Default: false.",
		},
		"answers": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether a client of a WebSocket API gets what the target answers to its message. Default: false; functions send to connections by themselves.",
		},
		"authorizer": schema.StringAttribute{Optional: true, MarkdownDescription: "Id of the `serverless_authorizer` that decides who is let in. Default: everyone is."},
		"auth": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf("iam")},
			MarkdownDescription: "`iam` lets in who signs the request with AWS credentials that allow `execute-api:Invoke`. Default: everyone is let in, unless there is an `authorizer`.",
		},
		"scopes": schema.ListAttribute{
			ElementType: tftypes.StringType, Optional: true, Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.UniqueValues()},
			MarkdownDescription: "With a JWT authorizer: scopes of which the token must grant one.",
		},
		"operation_name": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 64)},
			MarkdownDescription: "Name of the operation, 1 to 64 characters, which functions and logs see.",
		},
		"timeout": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(50, 30000)},
			MarkdownDescription: "Milliseconds that the answer may take, 50 to 30000, for a WebSocket API to 29000; then the request fails. Default: the longest.",
		},
		"payload_version": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("1.0", "2.0")},
			MarkdownDescription: "Form of the event that the function gets: `2.0`, or `1.0`, which REST APIs have and which is the only one of WebSocket APIs. Default: `2.0` for HTTP APIs.",
		},
		"request_parameters": schema.MapAttribute{
			ElementType: tftypes.StringType, Optional: true,
			MarkdownDescription: "What is changed in a request before it goes on: `append:header.x`, `overwrite:querystring.q`, `remove:header.y`, `overwrite:path` and the like, by value. Default: nothing.",
		},
		"response_parameters": schema.MapAttribute{
			ElementType: tftypes.MapType{ElemType: tftypes.StringType}, Optional: true,
			MarkdownDescription: "What is changed in an answer, by its status: `{ \"200\" = { \"append:header.x\" = \"1\" } }`. Default: nothing.",
		},
		"throttle": schema.SingleNestedAttribute{
			Optional: true, Attributes: throttleSchema,
			MarkdownDescription: "Limit of this route alone, on each stage of the API. Default: that of the stage.",
		},
		"integration_id": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Id of the integration. Set it to use a `serverless_integration`, which several routes may share, instead of `function`, `http`, `service` or `mock`. Default: one of the route's own.",
		},
		"permission_id": tf.Computed("Id of the statement in the function's policy that lets the API call it; null without `function`."),
	},
}
