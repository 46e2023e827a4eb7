package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

const consoleHelp = `
Each line of the input is an expression, whose value is printed; one that leaves
a bracket open goes on in the next line. type(EXPRESSION) prints a type. The line
exit, or the end of the input, ends the program. If the input is no terminal, the
first error ends it too.`

var consoleCommand = command{
	name:    "console",
	summary: "Evaluate expressions with the values of the state",
	help:    consoleHelp,
	flags: func(fs *flag.FlagSet) action {
		var f planFlags
		f.view.declare(fs)
		f.lock.declare(fs)
		f.inputs.declare(fs)
		planned := fs.Bool("plan", false, "make a plan first, and use the values that it plans")
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f.view)
			v.document = true
			s, err := v.look(ctx, &f, *planned)
			if err != nil {
				return err
			}
			return v.console(ctx, s)
		}
	},
}

// look prepares what the expressions are evaluated in.
func (v *view) look(ctx context.Context, f *planFlags, planned bool) (s *plan.Session, err error) {
	program, err := v.compile(ctx)
	if err != nil {
		return nil, err
	}
	if planned {
		store, opening := v.open(ctx, f.lock, "OperationTypePlan", program.Module)
		if opening != nil {
			return nil, opening
		}
		defer func() { err = v.closed(store, err) }()
		f.refresh, v.concise = true, true
		p, err := v.makePlan(ctx, program, store, plan.Normal, f)
		if err != nil {
			return nil, err
		}
		return program.Look(plan.Look{State: p.Prior, Plan: p, Variables: p.Variables, Workspace: p.Workspace, Time: p.Time, ReadFile: local.ReadFile}), nil
	}
	values, diags, err := v.variables(ctx, program.Module, f.inputs)
	if err != nil {
		return nil, err
	}
	if err := v.diagnostics(diags); err != nil {
		return nil, err
	}
	l := plan.Look{Variables: values, Workspace: workspace(), Time: time.Now(), ReadFile: local.ReadFile}
	file, err := stored()
	if err != nil {
		return nil, v.fail(err)
	}
	if file != nil {
		l.State = file.State
	}
	return program.Look(l), nil
}

// console reads expressions and prints their values.
func (v *view) console(ctx context.Context, s *plan.Session) error {
	asks := interactive(v.p.In)
	in := bufio.NewReader(v.p.In)
	for ctx.Err() == nil {
		src, err := readExpression(in, func(more bool) {
			switch {
			case asks && more:
				fmt.Fprint(v.p.Out, ": ")
			case asks:
				fmt.Fprint(v.p.Out, "> ")
			}
		})
		switch word := strings.TrimSpace(src); {
		case word == "exit":
			return nil
		case word == "help":
			v.say("%s\n", strings.TrimSpace(consoleHelp))
		case word != "":
			text, diags := v.answer(ctx, s, src)
			if failed := v.diagnostics(diags); failed != nil {
				if !asks {
					return failed
				}
			} else {
				v.say("%s\n", text)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the input: %w", err)
		}
	}
	return nil
}

// answer is the value of an expression as text.
func (v *view) answer(ctx context.Context, s *plan.Session, src string) (string, hcl.Diagnostics) {
	const file = "<console-input>"
	v.sources[file] = []byte(src)
	e, diags := syntax.Expression([]byte(src), file, hcl.InitialPos)
	if diags.HasErrors() {
		return "", diags
	}
	call, ok := e.(*hclsyntax.FunctionCallExpr)
	ofType := ok && call.Name == "type" && len(call.Args) == 1
	if ofType {
		e = call.Args[0]
	}
	value, more := s.Eval("").Expr(ctx, e, cty.DynamicPseudoType, lang.Within{})
	if diags = append(diags, more...); diags.HasErrors() {
		return "", diags
	}
	if ofType {
		return ui.Type(value.Type()), diags
	}
	return ui.Value(value), diags
}

// readExpression reads lines until no bracket is open. The prompt is told whether
// the expression has begun.
func readExpression(in *bufio.Reader, prompt func(more bool)) (string, error) {
	src := ""
	for {
		prompt(src != "")
		line, err := in.ReadString('\n')
		src += line
		if err != nil || strings.TrimSpace(line) == "" || !open(src) {
			return strings.TrimSuffix(src, "\n"), err
		}
	}
}

// open tells that an expression has brackets, templates or heredocs that do not
// end yet.
func open(src string) bool {
	tokens, diags := hclsyntax.LexExpression([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		return false // parsing reports it
	}
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
	}
	return depth > 0
}
