package acctest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// live is the life and the edits of a type on the AWS account that the
// environment has credentials for, if AWS_LIVE=1. It costs money.
func (s Subject) live(t *testing.T) {
	if os.Getenv("AWS_LIVE") != "1" {
		t.Skip("AWS_LIVE is not 1")
	}
	if s.pretended != nil {
		t.Skip("its arguments name what no account has")
	}
	s.settings = "  name_prefix = \"acctest-" + strings.ToLower(rand.Text()[:8]) + "-\"\n"
	b := &bench{
		t: t, Subject: s, wire: &Wire{},
		Machine:  &Machine{Serve: func() tfprotov6.ProviderServer { return provider.New("test", "").Server() }},
		deployed: func() int { return 0 },
	}
	t.Cleanup(func() {
		if err := b.Destroy(context.Background(), b.config(s.Base)); err != nil && t.Failed() {
			t.Logf("left on AWS: %v: %v", b.Addresses(), err)
		}
	})
	b.apply(s.Base)
	b.settled(s.Base)
	for _, e := range s.Edits {
		if e.Replace || e.Same || len(e.From) > 0 || strings.Contains(e.To, "000000000000") {
			continue // the last names things of the emulator's account
		}
		b.apply(s.Base.with(Arguments{e.Argument: e.To}))
		b.settled(s.Base.with(Arguments{e.Argument: e.To}))
	}
	b.apply(s.Base.with(s.Together))
	b.settled(s.Base.with(s.Together))
	b.emptied(s.Base)
}
