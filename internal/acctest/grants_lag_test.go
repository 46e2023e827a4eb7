package acctest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// A lateList shows no attached policy for some lists after one was attached.
type lateList struct {
	provider.Emulator
	late atomic.Int32
}

// Settle ends what the emulator itself shows of the past.
func (l *lateList) Settle() { settle(l.Emulator) }

func (l *lateList) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	switch text := string(body); {
	case strings.Contains(text, "Action=AttachRolePolicy"):
		l.late.Store(40)
	case strings.Contains(text, "Action=ListAttachedRolePolicies") && l.late.Add(-1) >= 0:
		const none = `<ListAttachedRolePoliciesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAttachedRolePoliciesResult><AttachedPolicies/><IsTruncated>false</IsTruncated></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>`
		return &http.Response{
			StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(none)), ContentLength: int64(len(none)),
		}, nil
	}
	return l.Emulator.Do(r)
}

// TestGrantsWithLateLists loses no grant in a managed policy that lists do not show yet.
func TestGrantsWithLateLists(t *testing.T) {
	t.Parallel()
	e := &lateList{Emulator: providertest.Emulator(t)}
	deploy(t, e, grants(20, 200))
	c := roles(t, e.Emulator)
	inline, managed := granted(t, c, "worker")
	got := statements(inline)
	for _, name := range managed {
		arn := fmt.Sprint("arn:aws:iam::000000000000:policy/serverless/grants/", name)
		p, err := c.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.GetPolicyVersion(t.Context(), &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
		if err != nil {
			t.Fatal(err)
		}
		text, err := url.QueryUnescape(aws.ToString(v.PolicyVersion.Document))
		if err != nil {
			t.Fatal(err)
		}
		got += strings.Count(text, `"Sid"`)
	}
	if got != 20 || len(managed) == 0 {
		t.Errorf("got %d grants, with the managed policies %v, want 20", got, managed)
	}
}
