package acctest

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestLanguageOfKinds gives the functions about access what is null, not known yet, or
// a secret, whole and within an argument.
func TestLanguageOfKinds(t *testing.T) {
	t.Parallel()
	m := deploy(t, providertest.Emulator(t), "")
	config := func(call string) string {
		return strings.Replace(worker, "services", "description = tostring(provider::serverless::"+call+")\n  services", 1)
	}
	const send = `policy_template("SQSSendMessagePolicy", { QueueName = %s }, { account_id = "1", region = "r" })`
	calls := []struct{ call, known, says string }{
		{`arn_parse(%s).service`, `"arn:aws:sqs:::q"`, "null"},
		{`arn_build("aws", "sqs", "", "", %s)`, `"q"`, "null"},
		{`event_match({ source = [%s] }, { source = "shop" })`, `"shop"`, ""}, // a null is one of JSON
		{`event_match({ source = ["shop"] }, %s)`, `{ source = "shop" }`, "null"},
		{`cron_next(%s, "UTC", "2026-01-31T00:00:00Z", 1)[0]`, `"rate(1 day)"`, "null"},
		{`cron_next("rate(1 day)", "UTC", "2026-01-31T00:00:00Z", %s)[0]`, `1`, "null"},
		{send, `"mail"`, "QueueName"},
	}
	for _, c := range calls {
		with := func(v string) string { return config(strings.Replace(c.call, "%s", v, 1)) }
		if _, err := m.Plan(t.Context(), atHome+with(c.known)); err != nil {
			t.Errorf("%s: %v", c.call, err)
		}
		if _, err := m.Plan(t.Context(), atHome+with("sensitive("+c.known+")")); err != nil {
			t.Errorf("%s of a secret: %v", c.call, err)
		}
		if _, err := m.Plan(t.Context(), atHome+with("var.unknown")); err != nil {
			t.Errorf("%s of what is not known: %v", c.call, err)
		}
		_, err := m.Plan(t.Context(), atHome+with("null"))
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s of null: got %v, want %q", c.call, err, c.says)
		}
	}
}
