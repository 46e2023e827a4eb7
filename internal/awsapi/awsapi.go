// Package awsapi gives the AWS SDK's clients for one backend: AWS, another
// server at an endpoint, or the emulator, in this process or by its data_dir.
//
// It must not know Terraform nor what any operation is used for. With the
// emulator it looks for no credentials and sends none that are real.
package awsapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
)

// Services are the names by which Config.Endpoints knows the services.
var Services = []string{"apigatewayv2", "applicationautoscaling", "cloudwatch", "dynamodb", "ecr", "iam", "lambda", "logs", "s3", "secretsmanager", "sfn", "sqs", "ssm", "sts"}

// Config says which server is AWS and as whom to call it.
type Config struct {
	// Emulator is an emulator in this process; DataDir is the folder of one that
	// is joined, or started, at the first call. Both empty: AWS, or what the
	// endpoints say.
	Emulator Emulator
	DataDir  string
	// Main is the path of this project's binary, which is started as the
	// emulator of DataDir.
	Main string

	// Endpoint is the address of a server for all services, Endpoints by service
	// name; without one AWS's own are used.
	Endpoint  string
	Endpoints map[string]string

	// Region is the default one; "" to let the SDK find it.
	Region string
	// What follows is not used with an emulator.

	// Profile, and AccessKey with SecretKey and Token, choose credentials; where
	// they are empty the SDK's chain is asked. ConfigFiles and CredentialsFiles are
	// where profiles are, nil for AWS's own places.
	Profile, AccessKey, SecretKey, Token string
	ConfigFiles, CredentialsFiles        []string
	// WebIdentity is a role that a token lets us assume; Roles are assumed one
	// after the other, the first by the credentials so far.
	WebIdentity *Role
	Roles       []Role

	Retry Retry
	Proxy Proxy
	// CABundle is a file with certificates of authorities to trust, in PEM.
	CABundle string
	// FIPS and DualStack say whether AWS's endpoints of these kinds are used; nil for
	// what the environment or the profile says.
	FIPS, DualStack *bool

	// Version is the provider's, for the requests' User-Agent header.
	Version string
}

// An Emulator is one in this process.
type Emulator interface {
	aws.HTTPClient
	Credentials() (accessKey, secretKey string)
	URL() (string, error)
}

// A Backend makes the clients of one server. It calls nothing until a client is
// asked for.
type Backend struct {
	config Config
	pace   pace

	mu       sync.Mutex
	base     *aws.Config          // without a region; nil until the first client
	burst    bool                 // calls go at once; known with base
	clients  map[string]any       // by service and region
	identity map[string]*identity // by region
}

type identity struct {
	once               sync.Once
	partition, account string
	err                error
}

// New returns a backend for c.
func New(c Config) (*Backend, error) {
	if c.Emulator != nil && c.DataDir != "" {
		return nil, errors.New("an emulator in this process and one by data_dir exclude each other")
	}
	for name := range c.Endpoints {
		if !slices.Contains(Services, name) {
			return nil, fmt.Errorf("there is no service %q among the endpoints; the names are %s", name, strings.Join(Services, ", "))
		}
	}
	if (aws.ToBool(c.FIPS) || aws.ToBool(c.DualStack)) && (c.Endpoint != "" || len(c.Endpoints) > 0) {
		return nil, errors.New("use_fips and use_dualstack choose among AWS's own endpoints, and endpoint or endpoints name others; remove one of them")
	}
	b := &Backend{config: c, clients: map[string]any{}, identity: map[string]*identity{}}
	b.pace.asleep = b.Emulated() // only one that imitates the quotas has any
	return b, nil
}

// Emulated reports whether the backend is the emulator.
func (b *Backend) Emulated() bool { return b.config.Emulator != nil || b.config.DataDir != "" }

// Where names the backend in messages.
func (b *Backend) Where() string {
	switch {
	case b.config.Emulator != nil:
		return "the emulator in this process"
	case b.config.DataDir != "":
		return "the emulator in " + b.config.DataDir
	case b.config.Endpoint != "":
		return b.config.Endpoint
	case len(b.config.Endpoints) > 0:
		return "AWS with other endpoints for " + strings.Join(slices.Sorted(maps.Keys(b.config.Endpoints)), ", ")
	}
	return "AWS"
}

// Endpoints returns the addresses of servers other than AWS's own, by service.
// It starts the emulator where that is the backend.
func (b *Backend) Endpoints(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	for _, name := range Services {
		url, err := b.endpoint(ctx, name)
		if err != nil {
			return nil, err
		}
		if url != "" {
			all[name] = url
		}
	}
	return all, nil
}

// Region returns the default region, "" if nobody names one. It reads AWS's
// configuration files when AWS is the backend.
func (b *Backend) Region(ctx context.Context) (string, error) {
	if b.config.Region != "" || b.Emulated() {
		return b.config.Region, nil
	}
	c, err := b.load(ctx)
	if err != nil {
		return "", err
	}
	return c.Region, nil
}

// Identity returns the partition and the account that calls in a region are made
// for; it asks STS once.
func (b *Backend) Identity(ctx context.Context, region string) (partition, account string, err error) {
	b.mu.Lock()
	id, ok := b.identity[region]
	if !ok {
		id = &identity{}
		b.identity[region] = id
	}
	b.mu.Unlock()
	id.once.Do(func() { id.err = b.ask(ctx, region, id) })
	if id.err != nil { // the next caller asks again: this one may have been canceled
		b.mu.Lock()
		if b.identity[region] == id {
			delete(b.identity, region)
		}
		b.mu.Unlock()
	}
	return id.partition, id.account, id.err
}

func (b *Backend) ask(ctx context.Context, region string, id *identity) error {
	c, err := b.STS(ctx, region)
	if err != nil {
		return err
	}
	out, err := c.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	refused := (*awshttp.ResponseError)(nil)
	if err != nil && ctx.Err() == nil && !b.Emulated() &&
		(errors.As(err, &refused) && refused.HTTPStatusCode() == http.StatusForbidden || strings.Contains(err.Error(), "get credentials: ")) {
		return fmt.Errorf("%w. AWS takes no call without valid credentials: renew them (aws sso login), name them (AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "+
			"or profile and the others of the provider block), or work offline with backend = { emulator = {} }", err)
	}
	if err != nil {
		return err
	}
	a, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return fmt.Errorf("reading the caller's ARN %q: %w", aws.ToString(out.Arn), err)
	}
	id.partition, id.account = a.Partition, aws.ToString(out.Account)
	return nil
}

// load returns what all clients have in common.
func (b *Backend) load(ctx context.Context) (aws.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.base != nil {
		return *b.base, nil
	}
	var c aws.Config
	var err error
	if b.Emulated() {
		c, err = b.emulated(ctx)
	} else {
		c, err = b.real(ctx)
	}
	if err != nil {
		return c, err
	}
	if c.HTTPClient == nil {
		c.HTTPClient = awshttp.NewBuildableClient()
	}
	c.HTTPClient = patient{c.HTTPClient}
	c.APIOptions = append(slices.Clip(c.APIOptions), firstRoomy)
	b.base = &c
	return c, nil
}

func (b *Backend) userAgent() []func(*middleware.Stack) error {
	return []func(*middleware.Stack) error{awsmiddleware.AddUserAgentKeyValue("terraform-provider-serverless", b.config.Version)}
}

// quick retries without long pauses: the emulator is on this machine, and no one
// else is throttled by our calls. It does so as often as with AWS, because the
// emulator may keep AWS's quotas.
var quick = retryer(attempts, 200*time.Millisecond)

// endpoint is the address of a service; "" for AWS's own.
func (b *Backend) endpoint(ctx context.Context, service string) (string, error) {
	if b.Emulated() {
		if b.config.Emulator != nil {
			return b.config.Emulator.URL()
		}
		c, err := b.load(ctx)
		if err != nil {
			return "", err
		}
		return aws.ToString(c.BaseEndpoint), nil
	}
	return b.address(service), nil
}

// address is the configured address of a service; "" for AWS's own.
func (b *Backend) address(service string) string {
	if url := b.config.Endpoints[service]; url != "" {
		return url
	}
	return b.config.Endpoint
}

// client returns the client of a service for a region, made once.
func client[T any](ctx context.Context, b *Backend, service, region string, make func(aws.Config) T) (T, error) {
	var none T
	base, err := b.load(ctx)
	if err != nil {
		return none, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := service + " " + region
	if c, ok := b.clients[key].(T); ok {
		return c, nil
	}
	base.Region = region
	if !b.Emulated() {
		if url := b.address(service); url != "" {
			base.BaseEndpoint = &url
		}
	}
	if !b.burst {
		base.APIOptions = append(slices.Clip(base.APIOptions), b.pace.client(service, region))
	}
	c := make(base)
	b.clients[key] = c
	return c, nil
}
