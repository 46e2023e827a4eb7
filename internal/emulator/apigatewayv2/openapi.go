package apigatewayv2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	yaml "github.com/zclconf/go-cty-yaml"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	goyaml "go.yaml.in/yaml/v3"
)

// document is an OpenAPI 3 definition, as far as API Gateway looks at it.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Swagger    string                                `json:"swagger,omitempty"`
	Info       about                                 `json:"info"`
	Servers    []server                              `json:"servers,omitempty"`
	Tags       []tag                                 `json:"tags,omitempty"`
	Security   []map[string][]string                 `json:"security,omitempty"`
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components components                            `json:"components,omitzero"`
	CORS       *corsExtension                        `json:"x-amazon-apigateway-cors,omitempty"`
	Endpoint   *endpointExtension                    `json:"x-amazon-apigateway-endpoint-configuration,omitempty"`
	Exported   string                                `json:"x-amazon-apigateway-importexport-version,omitempty"`
}

type about struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version"`
}

type server struct {
	URL       string                    `json:"url"`
	Variables map[string]serverVariable `json:"variables,omitempty"`
}

type serverVariable struct {
	Default string `json:"default"`
}

type tag struct {
	Name  string  `json:"name"`
	Value *string `json:"x-amazon-apigateway-tag-value,omitempty"`
}

type components struct {
	Schemes      map[string]scheme       `json:"securitySchemes,omitempty"`
	Integrations map[string]*integration `json:"x-amazon-apigateway-integrations,omitempty"`
}

type scheme struct {
	Type       string               `json:"type"`
	Name       string               `json:"name,omitempty"`
	In         string               `json:"in,omitempty"`
	AuthType   string               `json:"x-amazon-apigateway-authtype,omitempty"`
	Authorizer *authorizerExtension `json:"x-amazon-apigateway-authorizer,omitempty"`
}

type authorizerExtension struct {
	Type        string     `json:"type"`
	JWT         *jwt       `json:"jwtConfiguration,omitempty"`
	Source      stringList `json:"identitySource,omitempty"`
	URI         *string    `json:"authorizerUri,omitempty"`
	Credentials *string    `json:"authorizerCredentials,omitempty"`
	Format      *string    `json:"authorizerPayloadFormatVersion,omitempty"`
	TTL         *int32     `json:"authorizerResultTtlInSeconds,omitempty"`
	Simple      *bool      `json:"enableSimpleResponses,omitempty"`
}

type jwt struct {
	Issuer   *string  `json:"issuer"`
	Audience []string `json:"audience"`
}

// stringList is a list of texts, which a document may write as one with commas.
type stringList []string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *stringList) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err != nil {
		return json.Unmarshal(raw, (*[]string)(l))
	}
	for part := range strings.SplitSeq(one, ",") {
		*l = append(*l, strings.TrimSpace(part))
	}
	return nil
}

type corsExtension struct {
	AllowCredentials *bool    `json:"allowCredentials,omitempty"`
	AllowHeaders     []string `json:"allowHeaders,omitempty"`
	AllowMethods     []string `json:"allowMethods,omitempty"`
	AllowOrigins     []string `json:"allowOrigins,omitempty"`
	ExposeHeaders    []string `json:"exposeHeaders,omitempty"`
	MaxAge           *int32   `json:"maxAge,omitempty"`
}

type endpointExtension struct {
	Disable *bool `json:"disableExecuteApiEndpoint,omitempty"`
}

type operation struct {
	ID          string                     `json:"operationId,omitempty"`
	Responses   map[string]json.RawMessage `json:"responses,omitempty"`
	Parameters  []parameter                `json:"parameters,omitempty"`
	Security    []map[string][]string      `json:"security,omitempty"`
	Integration *integration               `json:"x-amazon-apigateway-integration,omitempty"`
}

type parameter struct {
	Name     string            `json:"name"`
	In       string            `json:"in"`
	Required bool              `json:"required"`
	Schema   map[string]string `json:"schema,omitempty"`
}

type integration struct {
	Ref         string                       `json:"$ref,omitempty"`
	Type        string                       `json:"type,omitempty"`
	Subtype     *string                      `json:"integrationSubtype,omitempty"`
	Credentials *string                      `json:"credentials,omitempty"`
	Description *string                      `json:"description,omitempty"`
	Method      *string                      `json:"httpMethod,omitempty"`
	URI         *string                      `json:"uri,omitempty"`
	Connection  string                       `json:"connectionType,omitempty"`
	Link        *string                      `json:"connectionId,omitempty"` // refused
	TLS         json.RawMessage              `json:"tlsConfig,omitempty"`    // refused
	Format      *string                      `json:"payloadFormatVersion,omitempty"`
	Timeout     *int32                       `json:"timeoutInMillis,omitempty"`
	Request     map[string]string            `json:"requestParameters,omitempty"`
	Response    map[string]map[string]string `json:"responseParameters,omitempty"`
}

// parseDocument reads a definition in JSON or YAML.
func parseDocument(body string) (*document, error) {
	raw := []byte(body)
	if !json.Valid(raw) {
		var err error
		if raw, err = fromYAML(raw); err != nil {
			return nil, badRequest("Unable to parse API definition because of a malformed OpenAPI 3 document: %s", err)
		}
	}
	d := &document{}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, badRequest("Unable to parse API definition because of a malformed OpenAPI 3 document: %s", err)
	}
	switch {
	case d.Swagger != "":
		return nil, badRequest("Unable to import API: OpenAPI 2 is not supported for HTTP APIs; use OpenAPI 3")
	case !strings.HasPrefix(d.OpenAPI, "3."):
		return nil, badRequest("Unable to parse API definition because of a malformed OpenAPI 3 document: the openapi version is missing")
	case d.Info.Title == "":
		return nil, badRequest("Unable to parse API definition because of a malformed OpenAPI 3 document: attribute info.title is missing")
	}
	return d, nil
}

func fromYAML(raw []byte) ([]byte, error) {
	var bounded any // this decoder refuses aliases that stand for far more than the text
	if err := goyaml.Unmarshal(raw, &bounded); err != nil {
		return nil, err
	}
	t, err := yaml.ImpliedType(raw)
	if err != nil {
		return nil, err
	}
	v, err := yaml.Unmarshal(raw, t)
	if err != nil {
		return nil, err
	}
	return ctyjson.Marshal(v, t)
}

func toYAML(raw []byte) ([]byte, error) {
	t, err := ctyjson.ImpliedType(raw)
	if err != nil {
		return nil, err
	}
	v, err := ctyjson.Unmarshal(raw, t)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(v)
}

// base is the path before all others: the first variable of a server that is called
// basePath, whether or not its URL has it, or else the path of the first server.
func (d *document) base() string {
	if len(d.Servers) == 0 {
		return ""
	}
	for _, s := range d.Servers {
		if v, ok := s.Variables["basePath"]; ok {
			return strings.TrimSuffix("/"+strings.Trim(v.Default, "/"), "/")
		}
	}
	url := d.Servers[0].URL
	for name, v := range d.Servers[0].Variables {
		url = strings.ReplaceAll(url, "{"+name+"}", strings.Trim(v.Default, "/"))
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, url, _ = strings.Cut(rest, "/")
	}
	if url = strings.Trim(url, "/"); url == "" {
		return ""
	}
	return "/" + url
}

// resolve is an integration, or the one that it refers to.
func (d *document) resolve(i *integration) (*integration, error) {
	if i == nil || i.Ref == "" {
		return i, nil
	}
	name, ok := strings.CutPrefix(i.Ref, "#/components/x-amazon-apigateway-integrations/")
	if found := d.Components.Integrations[name]; ok && found != nil && found.Ref == "" {
		return found, nil
	}
	return nil, badRequest("Unable to resolve the reference %s", i.Ref)
}

// aws is the integration as the control plane has it.
func (i *integration) aws() (types.Integration, error) {
	kinds := map[string]types.IntegrationType{
		"aws_proxy": types.IntegrationTypeAwsProxy, "http_proxy": types.IntegrationTypeHttpProxy, "http": types.IntegrationTypeHttpProxy,
	}
	kind, ok := kinds[strings.ToLower(i.Type)]
	if !ok {
		return types.Integration{}, badRequest("Integration type %q is not supported for HTTP APIs", i.Type)
	}
	if i.Link != nil || i.TLS != nil {
		return types.Integration{}, badRequest("The emulator does not implement connectionId and tlsConfig of integrations: there is no VPC here")
	}
	return types.Integration{
		ConnectionType: types.ConnectionType(i.Connection), CredentialsArn: i.Credentials, Description: i.Description,
		IntegrationMethod: i.Method, IntegrationSubtype: i.Subtype, IntegrationType: kind, IntegrationUri: i.URI,
		PayloadFormatVersion: i.Format, RequestParameters: i.Request, ResponseParameters: i.Response, TimeoutInMillis: i.Timeout,
	}, nil
}

// aws is the authorizer as the control plane has it.
func (a *authorizerExtension) aws(name string) types.Authorizer {
	v := types.Authorizer{
		AuthorizerCredentialsArn: a.Credentials, AuthorizerPayloadFormatVersion: a.Format, AuthorizerResultTtlInSeconds: a.TTL,
		AuthorizerType: types.AuthorizerType(strings.ToUpper(a.Type)), AuthorizerUri: a.URI, EnableSimpleResponses: a.Simple,
		IdentitySource: a.Source, Name: &name,
	}
	if a.JWT != nil {
		v.JwtConfiguration = &types.JWTConfiguration{Issuer: a.JWT.Issuer, Audience: a.JWT.Audience}
	}
	return v
}

// encode writes a definition as text that does not change from one time to the next.
func (d *document) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("writing a definition: %w", err)
	}
	return b.Bytes(), nil
}
