package functions

import (
	"context"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

// envName is the function env_name.
type envName struct{}

func (envName) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "env_name"
}

func (envName) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "A name as environment variables have them",
		MarkdownDescription: "Turns a name into one for an environment variable or a link: capitals, with an underscore between words: `orders-table`, `ordersTable` and `orders table` become `ORDERS_TABLE`. " +
			"What begins with a digit gets an `X` before it. It is an error if no letter or digit is left.",
		Parameters: []function.Parameter{function.StringParameter{Name: "name", MarkdownDescription: "The name."}},
		Return:     function.StringReturn{},
	}
}

func (envName) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var name string
	if resp.Error = req.Arguments.Get(ctx, &name); resp.Error != nil {
		return
	}
	out := variable(name)
	if out == "" {
		resp.Error = function.NewArgumentFuncError(0, "the name has no letter or digit of ASCII to make a variable's name of")
		return
	}
	resp.Error = resp.Result.Set(ctx, out)
}

// variable is a name in capitals with an underscore where a word begins; "" if
// there is nothing to make one of.
func variable(name string) string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		plain := r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
		begins := plain && b.Len() > 0 && (last == 0 || unicode.IsUpper(r) && unicode.IsLower(last))
		if begins {
			b.WriteByte('_')
		}
		if plain {
			b.WriteRune(unicode.ToUpper(r))
			last = r
			continue
		}
		last = 0
	}
	s := b.String()
	if s != "" && unicode.IsDigit(rune(s[0])) {
		s = "X" + s
	}
	return s
}
