package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // what S3 checks customer keys by
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
)

// Arguments are those of a backend block "s3". The endpoints of IAM are accepted
// and not used: nothing of this backend calls it.
var Arguments = map[string]cty.Type{
	"access_key": cty.String, "acl": cty.String, "allowed_account_ids": cty.Set(cty.String),
	"assume_role": cty.ObjectWithOptionalAttrs(map[string]cty.Type{
		"role_arn": cty.String, "duration": cty.String, "external_id": cty.String, "policy": cty.String, "policy_arns": cty.Set(cty.String),
		"session_name": cty.String, "source_identity": cty.String, "tags": cty.Map(cty.String), "transitive_tag_keys": cty.Set(cty.String),
	}, []string{"duration", "external_id", "policy", "policy_arns", "session_name", "source_identity", "tags", "transitive_tag_keys"}),
	"assume_role_with_web_identity": cty.ObjectWithOptionalAttrs(map[string]cty.Type{
		"role_arn": cty.String, "duration": cty.String, "policy": cty.String, "policy_arns": cty.Set(cty.String), "session_name": cty.String,
		"web_identity_token": cty.String, "web_identity_token_file": cty.String,
	}, []string{"role_arn", "duration", "policy", "policy_arns", "session_name", "web_identity_token", "web_identity_token_file"}),
	"bucket": cty.String, "custom_ca_bundle": cty.String, "dynamodb_endpoint": cty.String, "dynamodb_table": cty.String,
	"ec2_metadata_service_endpoint": cty.String, "ec2_metadata_service_endpoint_mode": cty.String, "encrypt": cty.Bool, "endpoint": cty.String,
	"endpoints": cty.ObjectWithOptionalAttrs(map[string]cty.Type{
		"dynamodb": cty.String, "iam": cty.String, "s3": cty.String, "sso": cty.String, "sts": cty.String,
	}, []string{"dynamodb", "iam", "s3", "sso", "sts"}),
	"forbidden_account_ids": cty.Set(cty.String), "force_path_style": cty.Bool, "http_proxy": cty.String, "https_proxy": cty.String,
	"iam_endpoint": cty.String, "insecure": cty.Bool, "key": cty.String, "kms_key_id": cty.String, "lock_tags": cty.Map(cty.String),
	"max_retries": cty.Number, "no_proxy": cty.String, "profile": cty.String, "region": cty.String, "retry_mode": cty.String, "secret_key": cty.String,
	"shared_config_files": cty.Set(cty.String), "shared_credentials_file": cty.String, "shared_credentials_files": cty.Set(cty.String),
	"skip_credentials_validation": cty.Bool, "skip_metadata_api_check": cty.Bool, "skip_region_validation": cty.Bool,
	"skip_requesting_account_id": cty.Bool, "skip_s3_checksum": cty.Bool, "sse_customer_key": cty.String, "state_tags": cty.Map(cty.String),
	"sts_endpoint": cty.String, "sts_region": cty.String, "token": cty.String, "use_dualstack_endpoint": cty.Bool, "use_fips_endpoint": cty.Bool,
	"use_lockfile": cty.Bool, "use_path_style": cty.Bool, "workspace_key_prefix": cty.String,
}

// Config is what a backend block says, as far as it is about objects; how to reach
// AWS is in [access].
type Config struct {
	Bucket, Key, Prefix, Table, ACL, KMSKey, CustomerKey string
	Encrypt, LockFile                                    bool
	StateTags, LockTags                                  map[string]string
}

// New makes a backend of the arguments, each of the type in [Arguments] or absent.
// Credentials are found as the AWS SDK finds them.
func New(ctx context.Context, arguments map[string]cty.Value) (*Backend, error) {
	a := args{values: arguments}
	c := Config{
		Bucket: a.text("bucket"), Key: strings.TrimPrefix(a.text("key"), "/"), Prefix: a.text("workspace_key_prefix"), Table: a.text("dynamodb_table"),
		ACL: a.text("acl"), KMSKey: a.text("kms_key_id"), CustomerKey: first(a.text("sse_customer_key"), os.Getenv("AWS_SSE_CUSTOMER_KEY")),
		Encrypt: a.flag("encrypt"), LockFile: a.flag("use_lockfile"), StateTags: a.texts("state_tags"), LockTags: a.texts("lock_tags"),
	}
	if a.values["workspace_key_prefix"] == cty.NilVal || a.values["workspace_key_prefix"].IsNull() {
		c.Prefix = "env:"
	}
	if err := errors.Join(a.err, c.check()); err != nil {
		return nil, err
	}
	cfg, err := load(ctx, &a)
	if err := errors.Join(a.err, err); err != nil {
		return nil, err
	}
	b := &Backend{config: c}
	b.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = a.flag("use_path_style") || a.flag("force_path_style")
		if e := first(a.inner("endpoints", "s3"), a.text("endpoint"), os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_S3_ENDPOINT")); e != "" {
			o.BaseEndpoint = &e
		}
		if a.flag("skip_s3_checksum") {
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}
	})
	b.tables = dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		if e := first(a.inner("endpoints", "dynamodb"), a.text("dynamodb_endpoint"), os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"), os.Getenv("AWS_DYNAMODB_ENDPOINT")); e != "" {
			o.BaseEndpoint = &e
		}
	})
	return b, checkAccount(ctx, cfg, &a)
}

// check refuses what cannot be meant.
func (c Config) check() error {
	switch {
	case c.Bucket == "":
		return errors.New("the backend \"s3\" needs the argument \"bucket\"")
	case c.Key == "":
		return errors.New("the backend \"s3\" needs the argument \"key\"")
	case strings.HasSuffix(c.Key, "/"):
		return errors.New("the argument \"key\" of the backend \"s3\" must not end with a slash: it names an object")
	case strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/"):
		return errors.New("the argument \"workspace_key_prefix\" of the backend \"s3\" must not begin or end with a slash")
	case c.KMSKey != "" && c.CustomerKey != "":
		return errors.New("the arguments \"kms_key_id\" and \"sse_customer_key\" of the backend \"s3\" exclude each other: both say by which key objects are encrypted")
	}
	if c.KMSKey != "" && !c.Encrypt {
		return errors.New("the argument \"kms_key_id\" of the backend \"s3\" needs encrypt = true: without it, the key would not be used")
	}
	if c.CustomerKey != "" {
		if !c.Encrypt {
			return errors.New("the argument \"sse_customer_key\" of the backend \"s3\" needs encrypt = true: without it, the state would be written without the key, and could not be read with it")
		}
		if raw, err := base64.StdEncoding.DecodeString(c.CustomerKey); err != nil || len(raw) != 32 {
			return errors.New("the argument \"sse_customer_key\" of the backend \"s3\" must be 32 bytes in base64")
		}
	}
	return nil
}

// customerKey returns the three headers of a key of the customer's own.
func (c Config) customerKey() (algorithm, key, sum *string) {
	if c.CustomerKey == "" {
		return nil, nil, nil
	}
	raw, _ := base64.StdEncoding.DecodeString(c.CustomerKey) // checked before
	digest := md5.Sum(raw)                                   //nolint:gosec // what S3 asks for
	return aws.String("AES256"), &c.CustomerKey, aws.String(base64.StdEncoding.EncodeToString(digest[:]))
}

// encrypt says how S3 encrypts what is written.
func (c Config) encrypt(in *s3.PutObjectInput) {
	if !c.Encrypt {
		return
	}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = c.customerKey()
	switch {
	case c.CustomerKey != "":
	case c.KMSKey != "":
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &c.KMSKey
	default:
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
}

// tagging writes tags as a header has them; nil for none.
func tagging(tags map[string]string) *string {
	if len(tags) == 0 {
		return nil
	}
	form := url.Values{}
	for k, v := range tags {
		form.Set(k, v)
	}
	return aws.String(form.Encode())
}

// args reads arguments; the first error sticks.
type args struct {
	values map[string]cty.Value
	err    error
}

func (a *args) read(name string, into any) {
	v, ok := a.values[name]
	if !ok || v == cty.NilVal || v.IsNull() {
		return
	}
	if err := gocty.FromCtyValue(v, into); err != nil {
		a.err = errors.Join(a.err, fmt.Errorf("the argument %q of the backend \"s3\": %w", name, err))
	}
}

func (a *args) text(name string) (s string)             { a.read(name, &s); return s }
func (a *args) flag(name string) (b bool)               { a.read(name, &b); return b }
func (a *args) texts(name string) (m map[string]string) { a.read(name, &m); return m }
func (a *args) list(name string) (l []string) {
	v, ok := a.values[name]
	if !ok || v == cty.NilVal || v.IsNull() {
		return nil
	}
	for _, e := range v.AsValueSlice() {
		if !e.IsNull() {
			l = append(l, e.AsString())
		}
	}
	slices.Sort(l)
	return l
}

// object is a nested object as arguments of their own.
func (a *args) object(name string) (*args, bool) {
	v, ok := a.values[name]
	if !ok || v == cty.NilVal || v.IsNull() {
		return &args{}, false
	}
	return &args{values: v.AsValueMap()}, true
}

func (a *args) inner(object, name string) string {
	o, _ := a.object(object)
	return o.text(name)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
