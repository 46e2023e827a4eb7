package provider

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tfserverless/terraform-provider-serverless/internal/awsapi"
)

// A row is what of the provider block is written, and all that it changes about how AWS
// is called.
type row struct {
	written map[string]any
	want    awsapi.Config
}

const ciRole = "arn:aws:iam::123456789012:role/ci"

var settled = []row{
	{map[string]any{"region": "eu-north-1"}, awsapi.Config{Region: "eu-north-1"}},
	{map[string]any{"profile": "p"}, awsapi.Config{Profile: "p"}},
	{map[string]any{"access_key": "k", "secret_key": "s"}, awsapi.Config{AccessKey: "k", SecretKey: "s"}},
	{map[string]any{"access_key": "k", "secret_key": "s", "token": "t"}, awsapi.Config{AccessKey: "k", SecretKey: "s", Token: "t"}},
	{map[string]any{"shared_config_files": []any{"a", "b"}}, awsapi.Config{ConfigFiles: []string{"a", "b"}}},
	{map[string]any{"shared_credentials_files": []any{"c"}}, awsapi.Config{CredentialsFiles: []string{"c"}}},
	{map[string]any{"retry": map[string]any{"max": 3}}, awsapi.Config{Retry: awsapi.Retry{Max: 3}}},
	{map[string]any{"retry": map[string]any{"mode": "standard"}}, awsapi.Config{Retry: awsapi.Retry{Burst: aws.Bool(true)}}},
	{map[string]any{"retry": map[string]any{"mode": "adaptive"}}, awsapi.Config{Retry: awsapi.Retry{Burst: aws.Bool(false)}}},
	{map[string]any{"http_proxy": "http://p:1"}, awsapi.Config{Proxy: awsapi.Proxy{HTTP: "http://p:1"}}},
	{map[string]any{"https_proxy": "http://p:2"}, awsapi.Config{Proxy: awsapi.Proxy{HTTPS: "http://p:2"}}},
	{map[string]any{"no_proxy": "a.example"}, awsapi.Config{Proxy: awsapi.Proxy{Except: "a.example"}}},
	{map[string]any{"ca_bundle": "ca.pem"}, awsapi.Config{CABundle: "ca.pem"}},
	{map[string]any{"use_fips": true}, awsapi.Config{FIPS: aws.Bool(true)}},
	{map[string]any{"use_fips": false}, awsapi.Config{FIPS: aws.Bool(false)}},
	{map[string]any{"use_dualstack": true}, awsapi.Config{DualStack: aws.Bool(true)}},
	{map[string]any{"endpoint": "http://127.0.0.1:1"}, awsapi.Config{Endpoint: "http://127.0.0.1:1"}},
	{map[string]any{"endpoints": map[string]any{"sts": "http://127.0.0.1:1"}}, awsapi.Config{Endpoints: map[string]string{"sts": "http://127.0.0.1:1"}}},
	{map[string]any{"assume_role": []any{
		map[string]any{"role_arn": ciRole},
		map[string]any{
			"role_arn": ciRole, "session_name": "s1", "duration": "15m", "policy": "{}", "policy_arns": []any{"arn:aws:iam::aws:policy/P"},
			"external_id": "e", "source_identity": "ann", "tags": map[string]any{"a": "1"}, "transitive_tag_keys": []any{"a"},
		},
	}}, awsapi.Config{Roles: []awsapi.Role{
		{ARN: ciRole},
		{
			ARN: ciRole, Session: "s1", Duration: 15 * time.Minute, Policy: "{}", PolicyARNs: []string{"arn:aws:iam::aws:policy/P"},
			ExternalID: "e", SourceIdentity: "ann", Tags: map[string]string{"a": "1"}, TransitiveTags: []string{"a"},
		},
	}}},
	{map[string]any{"assume_role_with_web_identity": map[string]any{
		"role_arn": ciRole, "session_name": "s1", "duration": "12h", "policy": "{}", "policy_arns": []any{"arn:aws:iam::aws:policy/P"}, "web_identity_token": "t",
	}}, awsapi.Config{WebIdentity: &awsapi.Role{
		ARN: ciRole, Session: "s1", Duration: 12 * time.Hour, Policy: "{}", PolicyARNs: []string{"arn:aws:iam::aws:policy/P"}, Token: "t",
	}}},
	{map[string]any{"assume_role_with_web_identity": map[string]any{"role_arn": ciRole, "web_identity_token_file": "f"}}, awsapi.Config{WebIdentity: &awsapi.Role{ARN: ciRole, TokenFile: "f"}}},
}

// TestSettings: each setting of the session reaches the backend, and nothing else does.
func TestSettings(t *testing.T) {
	s := schema.Schema{Attributes: Session{}.attributes()}
	object := s.Type().TerraformType(t.Context())
	used := map[string]bool{}
	for _, r := range settled {
		var session Session
		var ds diag.Diagnostics
		ds.Append((&tfsdk.Config{Schema: s, Raw: written(t, object, r.written)}).Get(t.Context(), &session)...)
		got := session.config(t.Context(), &ds)
		if ds.HasError() {
			t.Errorf("%v: %v", r.written, ds)
			continue
		}
		if !reflect.DeepEqual(got, r.want) {
			t.Errorf("%v:\ngot  %+v\nwant %+v", r.written, got, r.want)
		}
		note(used, "", r.written)
	}
	for _, name := range paths("", s.Attributes) {
		if !used[name] {
			t.Errorf("nothing tells whether %s is used", name)
		}
	}
}

// note marks the paths of what is written.
func note(used map[string]bool, prefix string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			used[prefix+name] = true
			note(used, prefix+name+".", e)
		}
	case []any:
		for _, e := range v {
			note(used, prefix, e)
		}
	}
}

// paths are the dotted names of all attributes.
func paths(prefix string, attributes map[string]schema.Attribute) []string {
	var all []string
	for name, a := range attributes {
		all = append(all, prefix+name)
		switch a := a.(type) {
		case schema.SingleNestedAttribute:
			all = append(all, paths(prefix+name+".", a.Attributes)...)
		case schema.ListNestedAttribute:
			all = append(all, paths(prefix+name+".", a.NestedObject.Attributes)...)
		}
	}
	slices.SortFunc(all, strings.Compare)
	return all
}

// written is a value of that type; what is left out of an object is null.
func written(t *testing.T, as tftypes.Type, v any) tftypes.Value {
	t.Helper()
	switch as := as.(type) {
	case tftypes.Object:
		given, ok := v.(map[string]any)
		if !ok {
			return tftypes.NewValue(as, nil)
		}
		all := map[string]tftypes.Value{}
		for name, of := range as.AttributeTypes {
			all[name] = written(t, of, given[name])
		}
		return tftypes.NewValue(as, all)
	case tftypes.List:
		given, ok := v.([]any)
		if !ok {
			return tftypes.NewValue(as, nil)
		}
		var all []tftypes.Value
		for _, e := range given {
			all = append(all, written(t, as.ElementType, e))
		}
		return tftypes.NewValue(as, all)
	case tftypes.Map:
		given, ok := v.(map[string]any)
		if !ok {
			return tftypes.NewValue(as, nil)
		}
		all := map[string]tftypes.Value{}
		for name, e := range given {
			all[name] = written(t, as.ElementType, e)
		}
		return tftypes.NewValue(as, all)
	}
	return tftypes.NewValue(as, v)
}
