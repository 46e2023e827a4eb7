package functions

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
)

// routeMatch is the function route_match.
type routeMatch struct{}

// matched is the type of what it returns.
var matched = map[string]attr.Type{"route": types.StringType, "path_parameters": types.MapType{ElemType: types.StringType}}

func (routeMatch) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "route_match"
}

func (routeMatch) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Which route takes a request",
		MarkdownDescription: "Says which of an HTTP API's routes takes a request, as API Gateway chooses: `route_match([\"GET /orders/{id}\", \"$default\"], \"GET /orders/7\")` gives `{ route = \"GET /orders/{id}\", path_parameters = { id = \"7\" } }`. " +
			"It gives null if none does.",
		Parameters: []function.Parameter{
			function.ListParameter{Name: "routes", ElementType: types.StringType, MarkdownDescription: "Keys of routes: a method and a path, or `$default`."},
			function.StringParameter{Name: "request", MarkdownDescription: "A method and a path such as `GET /orders/7`; a query behind it is of no matter."},
		},
		Return: function.ObjectReturn{AttributeTypes: matched},
	}
}

func (routeMatch) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var routes []string
	var request string
	if resp.Error = req.Arguments.Get(ctx, &routes, &request); resp.Error != nil {
		return
	}
	var keys []routekey.Key
	for _, r := range routes {
		k, err := routekey.Parse(r)
		if err != nil {
			resp.Error = function.NewArgumentFuncError(0, err.Error())
			return
		}
		keys = append(keys, k)
	}
	method, path, err := requested(request)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	slices.SortFunc(keys, routekey.Compare)
	out := types.ObjectNull(matched)
	for _, k := range keys {
		values, ok := k.Match(method, path)
		if !ok {
			continue
		}
		parameters := map[string]attr.Value{}
		for name, v := range values {
			parameters[name] = types.StringValue(v)
		}
		out = types.ObjectValueMust(matched, map[string]attr.Value{
			"route": types.StringValue(k.String()), "path_parameters": types.MapValueMust(types.StringType, parameters),
		})
		break
	}
	resp.Error = resp.Result.Set(ctx, out)
}

// requested takes a request apart into its method and its decoded path.
func requested(request string) (method, path string, err error) {
	method, path, ok := strings.Cut(request, " ")
	if !ok || !strings.HasPrefix(path, "/") || method == "ANY" || !slices.Contains(routekey.Methods, method) {
		return "", "", fmt.Errorf("%q is no request; write a method in capitals and a path such as \"GET /orders/7\"", request)
	}
	path, _, _ = strings.Cut(path, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return "", "", fmt.Errorf("the path of %q cannot be decoded: %w", request, err)
	}
	return method, decoded, nil
}
