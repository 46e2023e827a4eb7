package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"golang.org/x/net/http/httpproxy"
)

// load finds out how to reach AWS: region, credentials, retries, transport.
func load(ctx context.Context, a *args) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{}
	add := func(o config.LoadOptionsFunc) { options = append(options, o) }
	if r := a.text("region"); r != "" {
		add(config.WithRegion(r))
	}
	if p := a.text("profile"); p != "" {
		add(config.WithSharedConfigProfile(p))
	}
	if files := a.list("shared_config_files"); len(files) > 0 {
		add(config.WithSharedConfigFiles(files))
	}
	if files := append(a.list("shared_credentials_files"), nonempty(a.text("shared_credentials_file"))...); len(files) > 0 {
		add(config.WithSharedCredentialsFiles(files))
	}
	key, secret := a.text("access_key"), a.text("secret_key")
	if (key == "") != (secret == "") {
		return aws.Config{}, errors.New("the arguments \"access_key\" and \"secret_key\" of the backend \"s3\" go together")
	}
	if key != "" {
		add(config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(key, secret, a.text("token"))))
	}
	switch mode := a.text("retry_mode"); mode {
	case "":
	case "standard", "adaptive":
		add(config.WithRetryMode(aws.RetryMode(mode)))
	default:
		return aws.Config{}, fmt.Errorf("the argument \"retry_mode\" of the backend \"s3\" is \"standard\" or \"adaptive\", not %q", mode)
	}
	retries := 5
	a.read("max_retries", &retries)
	add(config.WithRetryMaxAttempts(retries + 1))
	if a.flag("use_dualstack_endpoint") {
		add(config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	if a.flag("use_fips_endpoint") {
		add(config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if a.flag("skip_metadata_api_check") {
		add(config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	if e := a.text("ec2_metadata_service_endpoint"); e != "" {
		add(config.WithEC2IMDSEndpoint(e))
	}
	switch mode := a.text("ec2_metadata_service_endpoint_mode"); mode {
	case "":
	case "IPv4":
		add(config.WithEC2IMDSEndpointMode(imds.EndpointModeStateIPv4))
	case "IPv6":
		add(config.WithEC2IMDSEndpointMode(imds.EndpointModeStateIPv6))
	default:
		return aws.Config{}, fmt.Errorf("the argument \"ec2_metadata_service_endpoint_mode\" of the backend \"s3\" is \"IPv4\" or \"IPv6\", not %q", mode)
	}
	if a.inner("endpoints", "sso") != "" {
		return aws.Config{}, errors.New("the argument \"endpoints.sso\" of the backend \"s3\" is not supported; set the environment variable AWS_ENDPOINT_URL_SSO")
	}
	client, err := transport(a)
	if err != nil {
		return aws.Config{}, err
	}
	add(config.WithHTTPClient(client))
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, fmt.Errorf("the credentials of the backend \"s3\": %w", err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("the backend \"s3\" needs the argument \"region\", or the environment variable AWS_REGION")
	}
	if !a.flag("skip_region_validation") && !regions.MatchString(cfg.Region) {
		return cfg, fmt.Errorf("%q, the region of the backend \"s3\", is no region of AWS; if it is one of another service, set skip_region_validation", cfg.Region)
	}
	return cfg, assume(&cfg, a)
}

var regions = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]$`)

func nonempty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// transport is the HTTP client with the certificates and proxies of the arguments.
func transport(a *args) (*awshttp.BuildableClient, error) {
	var roots *x509.CertPool
	if file := a.text("custom_ca_bundle"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the argument \"custom_ca_bundle\" of the backend \"s3\": %w", err)
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the argument \"custom_ca_bundle\" of the backend \"s3\": %s has no certificate", file)
		}
	}
	proxy := httpproxy.FromEnvironment()
	if p := a.text("http_proxy"); p != "" {
		proxy.HTTPProxy = p
	}
	if p := a.text("https_proxy"); p != "" {
		proxy.HTTPSProxy = p
	}
	if p := a.text("no_proxy"); p != "" {
		proxy.NoProxy = p
	}
	insecure := a.flag("insecure")
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if roots != nil {
			t.TLSClientConfig.RootCAs = roots
		}
		t.TLSClientConfig.InsecureSkipVerify = insecure //nolint:gosec // the user asks for it by this name
		t.Proxy = func(r *http.Request) (*url.URL, error) { return proxy.ProxyFunc()(r.URL) }
	}), nil
}

func tokens(cfg aws.Config, a *args) *sts.Client {
	return sts.NewFromConfig(cfg, func(o *sts.Options) {
		if e := first(a.inner("endpoints", "sts"), a.text("sts_endpoint"), os.Getenv("AWS_ENDPOINT_URL_STS"), os.Getenv("AWS_STS_ENDPOINT")); e != "" {
			o.BaseEndpoint = &e
		}
		if r := a.text("sts_region"); r != "" {
			o.Region = r
		}
	})
}

// assume takes on the roles of the arguments.
func assume(cfg *aws.Config, a *args) error {
	if w, ok := a.object("assume_role_with_web_identity"); ok {
		arn := first(w.text("role_arn"), os.Getenv("AWS_ROLE_ARN"))
		file := first(w.text("web_identity_token_file"), os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"))
		var token stscreds.IdentityTokenRetriever = stscreds.IdentityTokenFile(file)
		if t := w.text("web_identity_token"); t != "" {
			token = literalToken(t)
		} else if file == "" {
			return errors.New("\"assume_role_with_web_identity\" of the backend \"s3\" needs web_identity_token or web_identity_token_file")
		}
		duration, err := w.duration()
		if err != nil {
			return err
		}
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(tokens(*cfg, a), arn, token, func(o *stscreds.WebIdentityRoleOptions) {
			o.RoleSessionName, o.Duration, o.Policy, o.PolicyARNs = w.text("session_name"), duration, pointer(w.text("policy")), policies(w)
		}))
	}
	r, ok := a.object("assume_role")
	if !ok {
		return nil
	}
	duration, err := r.duration()
	if err != nil {
		return err
	}
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(tokens(*cfg, a), r.text("role_arn"), func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration, o.Policy, o.PolicyARNs = r.text("session_name"), duration, pointer(r.text("policy")), policies(r)
		o.ExternalID, o.SourceIdentity, o.TransitiveTagKeys = pointer(r.text("external_id")), pointer(r.text("source_identity")), r.list("transitive_tag_keys")
		for k, v := range r.texts("tags") {
			o.Tags = append(o.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
		}
	}))
	return r.err
}

type literalToken string

func (t literalToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

func (a *args) duration() (time.Duration, error) {
	text := a.text("duration")
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 15*time.Minute || d > 12*time.Hour {
		return 0, fmt.Errorf("the duration of a role of the backend \"s3\" is between 15m and 12h, such as \"1h\", not %q", text)
	}
	return d, nil
}

func policies(a *args) []types.PolicyDescriptorType {
	var out []types.PolicyDescriptorType
	for _, arn := range a.list("policy_arns") {
		out = append(out, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return out
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// checkAccount demands credentials that AWS takes, unless that is turned off, and
// of an account that the arguments allow.
func checkAccount(ctx context.Context, cfg aws.Config, a *args) error {
	allowed, forbidden := a.list("allowed_account_ids"), a.list("forbidden_account_ids")
	if len(allowed) > 0 && len(forbidden) > 0 {
		return errors.New("the arguments \"allowed_account_ids\" and \"forbidden_account_ids\" of the backend \"s3\" exclude each other")
	}
	restricted := len(allowed)+len(forbidden) > 0
	if a.flag("skip_credentials_validation") && !restricted {
		return nil
	}
	if restricted && a.flag("skip_requesting_account_id") {
		return errors.New("the argument \"skip_requesting_account_id\" of the backend \"s3\" excludes those that allow or forbid accounts")
	}
	who, err := tokens(cfg, a).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("the credentials of the backend \"s3\" do not work: %w", err)
	}
	account := aws.ToString(who.Account)
	if slices.Contains(forbidden, account) || len(allowed) > 0 && !slices.Contains(allowed, account) {
		return fmt.Errorf("the credentials of the backend \"s3\" are of the account %s, which its arguments do not allow", account)
	}
	return nil
}
