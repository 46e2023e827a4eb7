package acctest

import (
	"slices"
	"testing"
)

// TestUnknownParts: what is not known yet is planned as such, with all that hangs
// on it, and nothing else is put in its place.
func TestUnknownParts(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	config := func(arguments string) string {
		return aFunction("source = " + hello("hi") + "\npublish = { alias = \"live\" }\n" + arguments)
	}
	s.apply(config(""))
	for arguments, want := range map[string][]string{
		`log = { retention_days = var.unknown }`:                               {"last_modified", "log", "version"},
		`log = { format = var.unknown }`:                                       {"last_modified", "log", "version"},
		`log = { group = var.unknown }`:                                        {"last_modified", "log", "log_group_name", "role_policy", "version"},
		`log = var.unknown`:                                                    {"last_modified", "log", "log_group_name", "role_policy", "version"},
		`description = var.unknown`:                                            {"description", "last_modified", "version"},
		`layers = [var.unknown]`:                                               {"last_modified", "layers", "version"},
		`environment = { AB = var.unknown }`:                                   {"environment", "environment_effective", "last_modified", "version"},
		`policy_templates = { SQSPollerPolicy = { QueueName = var.unknown } }`: {"last_modified", "policy_templates", "role_policy"},
	} {
		if c := s.planned(config(arguments), "serverless_function.f"); c.Action != "update" || !slices.Equal(c.Changed, want) {
			t.Errorf("%s: %s of %v, want update of %v", arguments, c.Action, c.Changed, want)
		}
	}
}
