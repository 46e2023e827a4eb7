package wire

import (
	"net/http"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// A Verifier checks the signatures of requests that are for no AWS API but for what
// is deployed: function URLs and APIs whose callers sign.
type Verifier struct {
	auth    auth
	service string
}

// NewVerifier returns a verifier of signatures for that service, such as "lambda".
// With anyCredentials it only demands that there is one.
func NewVerifier(service string, keys Keys, anyCredentials bool, c clock.Clock) *Verifier {
	return &Verifier{auth{keys: keys, any: anyCredentials, clock: c, derived: &signingKeys{}}, service}
}

// Verify returns who signed the request, whose body has been read. Errors are AWS's.
func (v *Verifier) Verify(r *http.Request, body []byte) (env.Caller, error) {
	c := &call{r: r, cred: credentialOf(r), body: body, protocol: restJSON{}}
	if c.cred.key == "" {
		return env.Caller{}, c.denied("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	if c.cred.service != v.service {
		return env.Caller{}, c.denied("SignatureDoesNotMatch", "Credential should be scoped to correct service: '"+v.service+"'. ")
	}
	ctx, err := v.auth.check(c)
	if err != nil {
		return env.Caller{}, err
	}
	return env.CallerOf(ctx), nil
}
