package tf

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Pattern demands that a string matches a regular expression. The rule says in
// words what is demanded, as a sentence without its full stop. The expression is
// compiled when it is needed first: a run of the provider needs few of them.
func Pattern(expression, rule string) validator.String {
	return pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) }), rule}
}

type pattern struct {
	expression func() *regexp.Regexp
	rule       string
}

func (p pattern) Description(context.Context) string         { return p.rule }
func (p pattern) MarkdownDescription(context.Context) string { return p.rule }

func (p pattern) ValidateString(_ context.Context, in validator.StringRequest, out *validator.StringResponse) {
	v := in.ConfigValue
	if v.IsNull() || v.IsUnknown() || p.expression().MatchString(v.ValueString()) {
		return
	}
	out.Diagnostics.AddAttributeError(in.Path, fmt.Sprintf("Invalid value for %s", in.Path),
		fmt.Sprintf("%q does not fit: %s.", v.ValueString(), p.rule))
}
