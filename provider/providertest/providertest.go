// Package providertest is for Go tests that need the provider, anyone's: an
// emulator of its own for each test, in memory and without a port until somebody
// asks for a URL, and the provider on it.
//
// It must not know any resource type.
package providertest

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// Emulator returns an emulator that ends with the test. With SERVERLESS_MOODS=on in
// the environment it is that of [Moody].
func Emulator(t testing.TB) *emulator.Emulator {
	t.Helper()
	return made(t, emulator.Config{})
}

// Moody returns an emulator with AWS's moods that ends with the test: it throttles by
// the rates that AWS publishes, shows things as they were for some reads after a
// write, and does not let new roles be assumed at once.
func Moody(t testing.TB) *emulator.Emulator {
	t.Helper()
	return made(t, emulator.Config{Quotas: true, Lag: 2})
}

func made(t testing.TB, c emulator.Config) *emulator.Emulator {
	t.Helper()
	c, err := emulator.Moods(c)
	if err != nil {
		t.Fatal(err)
	}
	e, err := emulator.New(c)
	if err != nil {
		t.Fatalf("making an emulator: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
	})
	return e
}

// Clients returns what AWS's clients of e are made from, for a region: for tests that
// look at what was deployed, or use it. dynamodb.NewFromConfig and its like take it.
// They see what is there, also of an emulator whose reads lag.
func Clients(e provider.Emulator, region string) aws.Config {
	id, secret := e.Credentials()
	return aws.Config{
		Region: region, HTTPClient: present{e}, BaseEndpoint: aws.String("http://127.0.0.1"),
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	}
}

// Factories returns what terraform-plugin-testing calls ProtoV6ProviderFactories:
// the provider under its name "serverless", on e whatever its configuration says
// about the backend.
func Factories(e provider.Emulator) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"serverless": func() (tfprotov6.ProviderServer, error) { return Server(e), nil },
	}
}

// Server returns the provider on e, of which it sees all that was written before.
func Server(e provider.Emulator) tfprotov6.ProviderServer {
	settle(e)
	return provider.New("test", "", provider.On(e), provider.Sharing(&described)).Server()
}

var described provider.Described

// present is an emulator as it is at each call.
type present struct{ provider.Emulator }

// Do implements the SDK's HTTP client.
func (p present) Do(r *http.Request) (*http.Response, error) {
	settle(p.Emulator)
	return p.Emulator.Do(r)
}

// settle has reads show what was written, as after some seconds.
func settle(e provider.Emulator) {
	if lagging, ok := e.(interface{ Settle() }); ok {
		lagging.Settle()
	}
}
