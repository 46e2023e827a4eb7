package awsapi

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"golang.org/x/net/http/httpproxy"
)

// A Role is one to assume. Only ARN must be set.
type Role struct {
	ARN        string
	Session    string        // its name in AWS's logs; "" for one of ours
	Duration   time.Duration // of a session, which is renewed; 0 for AWS's default
	Policy     string        // JSON, what the session may do at most
	PolicyARNs []string      // the same by managed policies

	// Of AssumeRole alone:
	ExternalID, SourceIdentity string
	Tags                       map[string]string
	TransitiveTags             []string

	// Of AssumeRoleWithWebIdentity alone: the token, or the file that has it
	// whenever it is needed.
	Token, TokenFile string
}

// Retry says how often a call is tried.
type Retry struct {
	// Max is how many attempts there are at most; 0 for what the environment or the
	// profile says, or 20: AWS throttles control planes to a few calls per second.
	Max int
	// Burst lets calls go at once; false holds them back to keep within AWS's quotas;
	// nil is false unless the environment or the profile chooses the mode "standard".
	Burst *bool
}

const (
	attempts    = 20
	sessionName = "terraform-provider-serverless"
	// fallbackRegion is where roles are assumed where no region is configured.
	fallbackRegion = "us-east-1"
)

// retryer retries up to max times, with pauses up to longest.
func retryer(most int, longest time.Duration) func() aws.Retryer {
	return func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = most, longest, ratelimit.None
		})
	}
}

// real is what clients of AWS, and of servers at endpoints, have in common.
func (b *Backend) real(ctx context.Context) (aws.Config, error) {
	of := b.config
	var options []func(*config.LoadOptions) error
	if of.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(of.Profile))
	}
	if of.ConfigFiles != nil {
		options = append(options, config.WithSharedConfigFiles(of.ConfigFiles))
	}
	if of.CredentialsFiles != nil {
		options = append(options, config.WithSharedCredentialsFiles(of.CredentialsFiles))
	}
	most, err := b.retries(ctx, options)
	if err != nil {
		return aws.Config{}, err
	}
	options = append(options,
		config.WithAPIOptions(b.userAgent()),
		config.WithRetryer(retryer(most, retry.DefaultMaxBackoff)))
	if of.Region != "" {
		options = append(options, config.WithRegion(of.Region))
	}
	if of.FIPS != nil {
		state := aws.FIPSEndpointStateDisabled
		if *of.FIPS {
			state = aws.FIPSEndpointStateEnabled
		}
		options = append(options, config.WithUseFIPSEndpoint(state))
	}
	if of.DualStack != nil {
		state := aws.DualStackEndpointStateDisabled
		if *of.DualStack {
			state = aws.DualStackEndpointStateEnabled
		}
		options = append(options, config.WithUseDualStackEndpoint(state))
	}
	if of.AccessKey != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(of.AccessKey, of.SecretKey, of.Token)))
	}
	if of.Proxy != (Proxy{}) {
		options = append(options, config.WithHTTPClient(of.Proxy.client()))
	}
	if of.CABundle != "" {
		f, err := os.Open(of.CABundle)
		if err != nil {
			return aws.Config{}, fmt.Errorf("reading the certificates of ca_bundle: %w", err)
		}
		defer f.Close()
		options = append(options, config.WithCustomCABundle(f))
	}
	options = append(options, // the SDK's own chain asks the same STS
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			if c, ok := o.Client.(*sts.Client); ok {
				o.Client = sts.New(c.Options(), b.tokensFrom)
			}
		}),
		config.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) {
			if c, ok := o.Client.(*sts.Client); ok {
				o.Client = sts.New(c.Options(), b.tokensFrom)
			}
		}))
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return c, unread(err)
	}
	if of.WebIdentity != nil {
		c.Credentials = aws.NewCredentialsCache(of.WebIdentity.byToken(b.tokens(c)))
	}
	for _, r := range of.Roles {
		c.Credentials = aws.NewCredentialsCache(r.assumed(b.tokens(c)))
	}
	return c, nil
}

// retries returns how often a call is tried, and settles whether calls go at once.
// The SDK tells what the environment and the profile say of that only to those who
// bring no retryer.
func (b *Backend) retries(ctx context.Context, profile []func(*config.LoadOptions) error) (int, error) {
	c, err := config.LoadDefaultConfig(ctx, append(slices.Clone(profile), config.WithCredentialsProvider(aws.AnonymousCredentials{}))...)
	if err != nil {
		return 0, unread(err)
	}
	of := b.config.Retry
	if b.burst = c.RetryMode == aws.RetryModeStandard; of.Burst != nil {
		b.burst = *of.Burst
	}
	return cmp.Or(of.Max, c.RetryMaxAttempts, attempts), nil
}

func unread(err error) error { return fmt.Errorf("reading AWS's configuration: %w", err) }

// tokens is the client of STS that credentials are asked of.
func (b *Backend) tokens(c aws.Config) *sts.Client {
	return sts.NewFromConfig(c, b.tokensFrom)
}

// tokensFrom sets where credentials are asked for.
func (b *Backend) tokensFrom(o *sts.Options) {
	if o.Region == "" {
		o.Region = fallbackRegion
	}
	if url := b.address("sts"); url != "" {
		o.BaseEndpoint = &url
	}
}

// assumed gives the credentials of a role that the client's caller may assume.
func (r Role) assumed(c *sts.Client) aws.CredentialsProvider {
	return stscreds.NewAssumeRoleProvider(c, r.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = r.session()
		o.Duration = r.Duration
		if r.Duration == 0 {
			o.Duration = time.Hour
		}
		o.ExternalID, o.SourceIdentity, o.Policy = nonEmpty(r.ExternalID), nonEmpty(r.SourceIdentity), nonEmpty(r.Policy)
		o.PolicyARNs = r.policies()
		for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
			o.Tags = append(o.Tags, types.Tag{Key: aws.String(key), Value: aws.String(r.Tags[key])})
		}
		o.TransitiveTagKeys = r.TransitiveTags
	})
}

// byToken gives the credentials of a role that the issuer of a token may assume.
func (r Role) byToken(c *sts.Client) aws.CredentialsProvider {
	return stscreds.NewWebIdentityRoleProvider(c, r.ARN, r, func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName, o.Duration, o.Policy, o.PolicyARNs = r.session(), r.Duration, nonEmpty(r.Policy), r.policies()
	})
}

// GetIdentityToken implements [stscreds.IdentityTokenRetriever].
func (r Role) GetIdentityToken() ([]byte, error) {
	if r.Token != "" {
		return []byte(r.Token), nil
	}
	return stscreds.IdentityTokenFile(r.TokenFile).GetIdentityToken()
}

func (r Role) session() string {
	if r.Session == "" {
		return sessionName
	}
	return r.Session
}

func (r Role) policies() []types.PolicyDescriptorType {
	var all []types.PolicyDescriptorType
	for _, arn := range r.PolicyARNs {
		all = append(all, types.PolicyDescriptorType{Arn: &arn})
	}
	return all
}

// A Proxy says through which servers calls go: addresses for those to http and to
// https, and the hosts that are called directly, separated by commas. What is empty
// is taken from the environment: HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
type Proxy struct{ HTTP, HTTPS, Except string }

func (p Proxy) client() *awshttp.BuildableClient {
	c := httpproxy.FromEnvironment()
	if p.HTTP != "" {
		c.HTTPProxy = p.HTTP
	}
	if p.HTTPS != "" {
		c.HTTPSProxy = p.HTTPS
	}
	if p.Except != "" {
		c.NoProxy = p.Except
	}
	choose := c.ProxyFunc()
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
	})
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
