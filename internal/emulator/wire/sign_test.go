package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

var signedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func standing(c *Config) { c.Clock = clock.NewFake(signedAt) }

// TestSignatures goes through what a signature can be wrong in, with the SDK as
// the signer.
func TestSignatures(t *testing.T) {
	t.Parallel()
	s := start(t, standing)
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	for name, c := range map[string]struct {
		key, secret, token string
		at                 time.Duration // against the emulator's clock
		change             func(*http.Request)
		code, want         string
	}{
		"right":                   {key: "AKID", secret: "SECRET"},
		"right for a session":     {key: "ASIA", secret: "SECRET", token: "TOKEN"},
		"an unsigned header more": {key: "AKID", secret: "SECRET", change: func(r *http.Request) { r.Header.Set("X-More", "1") }},
		"four minutes late":       {key: "AKID", secret: "SECRET", at: -4 * time.Minute},
		"another secret":          {key: "AKID", secret: "OTHER", code: "InvalidSignatureException", want: mismatch},
		"another body":            {key: "AKID", secret: "SECRET", change: func(r *http.Request) { body(r, `{"TableName":"other","Item":{}}`) }, code: "InvalidSignatureException", want: mismatch},
		"another operation":       {key: "AKID", secret: "SECRET", change: func(r *http.Request) { r.Header.Set("X-Amz-Target", "DynamoDB_20120810.Query") }, code: "InvalidSignatureException", want: mismatch},
		"another path":            {key: "AKID", secret: "SECRET", change: func(r *http.Request) { r.URL.Path = "/x" }, code: "InvalidSignatureException", want: mismatch},
		"another query":           {key: "AKID", secret: "SECRET", change: func(r *http.Request) { r.URL.RawQuery = "x=1" }, code: "InvalidSignatureException", want: mismatch},
		"an unknown key":          {key: "AKNO", secret: "SECRET", code: "UnrecognizedClientException", want: "The security token included in the request is invalid."},
		"a session without token": {key: "ASIA", secret: "SECRET", code: "UnrecognizedClientException", want: "The security token included in the request is invalid."},
		"a session's other token": {key: "ASIA", secret: "SECRET", token: "OTHER", code: "UnrecognizedClientException", want: "The security token included in the request is invalid."},
		"a key with a token":      {key: "AKID", secret: "SECRET", token: "TOKEN", code: "UnrecognizedClientException", want: "The security token included in the request is invalid."},
		"an expired session":      {key: "ASIAOLD", secret: "SECRET", token: "TOKEN", code: "ExpiredTokenException", want: "The security token included in the request is expired"},
		"six minutes late":        {key: "AKID", secret: "SECRET", at: -6 * time.Minute, code: "InvalidSignatureException", want: "Signature expired: 20260102T025805Z is now earlier than 20260102T025905Z (20260102T030405Z - 5 min.)"},
		"six minutes early":       {key: "AKID", secret: "SECRET", at: 6 * time.Minute, code: "InvalidSignatureException", want: "Signature not yet current: 20260102T031005Z is still later than 20260102T030905Z (20260102T030405Z + 5 min.)"},
		"no signature":            {key: "AKID", secret: "SECRET", change: func(r *http.Request) { r.Header.Del("Authorization") }, code: "MissingAuthenticationTokenException", want: "Request is missing Authentication Token"},
		"half a signature": {key: "AKID", secret: "SECRET", change: func(r *http.Request) {
			r.Header.Set("Authorization", algorithm+" Credential=AKID/20260102/r/s/aws4_request")
		}, code: "IncompleteSignatureException", want: "Authorization header requires 'Credential' parameter."},
		"another kind of password": {key: "AKID", secret: "SECRET", change: func(r *http.Request) { r.SetBasicAuth("AKID", "SECRET") }, code: "IncompleteSignatureException", want: "Authorization header requires 'Credential' parameter."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, nil)
			body(r, `{"TableName":"notes","Item":{}}`)
			r.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
			r.Header.Set("X-Spaces", "  a   b ")
			sign(t, r, aws.Credentials{AccessKeyID: c.key, SecretAccessKey: c.secret, SessionToken: c.token}, "dynamodb", signedAt.Add(c.at))
			if c.change != nil {
				c.change(r)
			}
			status, h, got := s.do(t, r)
			if c.code == "" {
				if status != http.StatusOK {
					t.Errorf("got %d %s", status, got)
				}
				return
			}
			want := `{"__type":"com.amazon.coral.service#` + c.code + `","message":"` + c.want
			if status != http.StatusBadRequest || !strings.HasPrefix(got, want) {
				t.Errorf("got %d %s\nwant %s", status, got, want)
			}
			if got, want := h.Get("Date"), signedAt.Format(http.TimeFormat); got != want {
				t.Errorf("got the date %s, want %s", got, want)
			}
		})
	}
}

// TestRememberedKeys shows that a signature is checked whether its key is derived or
// remembered, and that what is remembered has bounds.
func TestRememberedKeys(t *testing.T) {
	t.Parallel()
	s := start(t, standing)
	for _, c := range []struct {
		secret string
		want   int
	}{{"OTHER", http.StatusBadRequest}, {"SECRET", http.StatusOK}, {"SECRET", http.StatusOK}, {"OTHER", http.StatusBadRequest}} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, nil)
		body(r, `{"TableName":"notes","Item":{}}`)
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
		sign(t, r, aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: c.secret}, "dynamodb", signedAt)
		if status, _, got := s.do(t, r); status != c.want {
			t.Errorf("%s: got %d %s, want %d", c.secret, status, got, c.want)
		}
	}
	var k signingKeys
	for i := range maxSigningKeys + 1 {
		scope := signingScope{secret: "s", date: strconv.Itoa(i)}
		k.keep(scope, k.key(scope))
	}
	if got, want := len(k.known), 1; got != want {
		t.Errorf("got %d keys remembered, want %d", got, want)
	}
}

func body(r *http.Request, text string) {
	again, _ := http.NewRequestWithContext(context.Background(), r.Method, r.URL.String(), strings.NewReader(text))
	r.Body, r.GetBody, r.ContentLength = again.Body, again.GetBody, again.ContentLength
}

func sign(t *testing.T, r *http.Request, c aws.Credentials, service string, at time.Time) {
	t.Helper()
	sum := sha256.Sum256(nil)
	if r.GetBody != nil {
		b, _ := r.GetBody()
		buf := make([]byte, r.ContentLength)
		_, _ = b.Read(buf)
		sum = sha256.Sum256(buf)
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), c, r, hex.EncodeToString(sum[:]), service, "eu-north-1", at); err != nil {
		t.Fatal(err)
	}
}

// TestPresigned goes through the ages of a presigned request.
func TestPresigned(t *testing.T) {
	t.Parallel()
	s := start(t, standing)
	for name, c := range map[string]struct {
		age  time.Duration
		with string
		want int
	}{
		"young":          {0, "", 200},
		"ten minutes":    {10 * time.Minute, "", 200},
		"sixteen":        {16 * time.Minute, "", 403},
		"from later":     {-6 * time.Minute, "", 403},
		"changed":        {0, "&MaxItems=2", 403},
		"signature gone": {0, "&X-Amz-Signature=0", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/2015-03-31/functions/f/versions?MaxItems=1&X-Amz-Expires=900", nil)
			sum := sha256.Sum256(nil)
			url, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "SECRET", SessionToken: "TOKEN"},
				r, hex.EncodeToString(sum[:]), "lambda", "eu-north-1", signedAt.Add(-c.age))
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(c.with, "&X-Amz-Signature") {
				url = url[:strings.Index(url, "&X-Amz-Signature=")]
			}
			r, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, url+c.with, nil)
			if status, _, got := s.do(t, r); status != c.want {
				t.Errorf("got %d %s, want %d", status, got, c.want)
			}
		})
	}
}

// TestSignatureCodes shows the codes and statuses of the other protocols.
func TestSignatureCodes(t *testing.T) {
	t.Parallel()
	s := start(t)
	wrong := s.config("AKID", "WRONG", "")
	_, err := iam.NewFromConfig(wrong).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String("x")})
	if code := codeOf(err); code != "SignatureDoesNotMatch" {
		t.Errorf("got %v", err)
	}
	_, err = lambda.NewFromConfig(wrong).DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	if code := codeOf(err); code != "InvalidSignatureException" || !strings.Contains(err.Error(), "StatusCode: 403") {
		t.Errorf("got %v", err)
	}
}

// TestAnyCredentials shows who is let in when no secret is asked for.
func TestAnyCredentials(t *testing.T) {
	t.Parallel()
	s := start(t, anyCredentials)
	c := dynamodb.NewFromConfig(s.config("test", "test", ""))
	out, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("notes"), Item: map[string]types.AttributeValue{}})
	if err != nil || *out.ConsumedCapacity.TableName != "arn:aws:dynamodb:eu-north-1:000000000000:table/notes" {
		t.Errorf("got %v, %v", out, err)
	}
	for _, header := range []string{"Origin", "Sec-Fetch-Site"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(`{"TableName":"notes","Item":{}}`))
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.PutItem")
		r.Header.Set(header, "https://example.com")
		if status, _, got := s.do(t, r); status != http.StatusForbidden || !strings.Contains(got, "AccessDeniedException") {
			t.Errorf("%s: got %d %s", header, status, got)
		}
	}
}
