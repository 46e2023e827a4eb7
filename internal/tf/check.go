package tf

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A Check collects what is wrong with a configuration.
type Check struct {
	config tftypes.Value
	ds     *diag.Diagnostics
}

// Known reports whether a top-level attribute's value is known completely, so
// that what it lacks is really lacking.
func (v *Check) Known(name string) bool { return fields(v.config)[name].IsFullyKnown() }

// Decided reports whether it is known if a top-level attribute is given, although
// parts of its value may not be known yet.
func (v *Check) Decided(name string) bool { return fields(v.config)[name].IsKnown() }

// Error adds an error about the attribute at p: the rule that it breaks, and what
// to write instead.
func (v *Check) Error(p path.Path, summary, detail string) {
	v.ds.AddAttributeError(p, summary, detail)
}

// Warn adds a warning about the attribute at p.
func (v *Check) Warn(p path.Path, summary, detail string) {
	v.ds.AddAttributeWarning(p, summary, detail)
}

// tags checks the rules that AWS has for the keys of tags everywhere.
func (v *Check) tags(config tftypes.Value) {
	for key := range fields(fields(config)["tags"]) {
		at := path.Root("tags").AtMapKey(key)
		switch {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			v.Error(at, "Reserved tag", fmt.Sprintf("Tag %q begins with \"aws:\", which AWS keeps for itself. Choose another key.", key))
		case key == MarkerKey || key == StackKey:
			v.Error(at, "Reserved tag", fmt.Sprintf("The provider uses tag %q itself. Choose another key.", key))
		case key == "" || len([]rune(key)) > 128:
			v.Error(at, "Bad tag key", fmt.Sprintf("A tag's key has 1 to 128 characters, this one has %d.", len([]rune(key))))
		}
	}
}

// durationValidator accepts Go durations above zero.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return "a duration such as 90s or 1h30m"
}
func (d durationValidator) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

func (durationValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Bad duration",
			fmt.Sprintf("%s is %q, which is not a duration above zero. Write a number and a unit (s, m, h), such as \"90s\" or \"1h30m\".", req.Path, req.ConfigValue.ValueString()))
	}
}

// short writes a duration without its zero parts: 30m rather than 30m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
