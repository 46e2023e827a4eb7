package s3

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

func TestRefused(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	for _, c := range []struct {
		arguments map[string]cty.Value
		want      string
	}{
		{map[string]cty.Value{"bucket": cty.NullVal(cty.String)}, `needs the argument "bucket"`},
		{map[string]cty.Value{"key": cty.StringVal("a/")}, "must not end with a slash"},
		{map[string]cty.Value{"workspace_key_prefix": cty.StringVal("/x")}, "must not begin or end with a slash"},
		{map[string]cty.Value{"kms_key_id": cty.StringVal("k"), "sse_customer_key": cty.StringVal("k")}, "exclude each other"},
		{map[string]cty.Value{"kms_key_id": cty.StringVal("k")}, "needs encrypt = true"},
		{map[string]cty.Value{"sse_customer_key": cty.StringVal("short")}, "needs encrypt = true"},
		{map[string]cty.Value{"encrypt": cty.True, "sse_customer_key": cty.StringVal("short")}, "must be 32 bytes in base64"},
		{map[string]cty.Value{"access_key": cty.StringVal("only")}, "go together"},
		{map[string]cty.Value{"retry_mode": cty.StringVal("never")}, `is "standard" or "adaptive"`},
		{map[string]cty.Value{"region": cty.StringVal("nowhere")}, "is no region of AWS"},
		{map[string]cty.Value{"custom_ca_bundle": cty.StringVal("/does/not/exist")}, "custom_ca_bundle"},
		{map[string]cty.Value{"endpoints": cty.ObjectVal(map[string]cty.Value{"sso": cty.StringVal("http://127.0.0.1:1")})}, "AWS_ENDPOINT_URL_SSO"},
		{map[string]cty.Value{"allowed_account_ids": cty.SetVal([]cty.Value{cty.StringVal("1")}), "forbidden_account_ids": cty.SetVal([]cty.Value{cty.StringVal("2")})}, "exclude each other"},
		{map[string]cty.Value{"assume_role": cty.ObjectVal(map[string]cty.Value{"role_arn": cty.StringVal("r"), "duration": cty.StringVal("1s")})}, "between 15m and 12h"},
	} {
		all := map[string]cty.Value{"bucket": cty.StringVal("b"), "key": cty.StringVal("k"), "skip_credentials_validation": cty.True}
		for name, v := range c.arguments {
			all[name] = v
		}
		if _, err := New(t.Context(), all); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.arguments, err, c.want)
		}
	}
	if _, err := New(t.Context(), map[string]cty.Value{"bucket": cty.StringVal("b"), "key": cty.StringVal("k"), "skip_credentials_validation": cty.True}); err != nil {
		t.Error(err)
	}
}
