package lambda

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

const latest = "$LATEST"

// name is a function as a request names it.
type name struct {
	env.Scope
	function  string
	qualifier string // empty where none is given
}

// parse reads a function's name: alone, behind an account ("000000000000:function:f")
// or as an ARN, each with or without a qualifier. A qualifier that the request gives
// apart must be the same.
func parse(ctx context.Context, text, qualifier *string) (name, error) {
	n := name{Scope: env.ScopeOf(ctx)}
	rest, region := aws.ToString(text), n.Region
	if arn, ok := strings.CutPrefix(rest, "arn:"+env.Partition+":lambda:"); ok {
		region, rest, _ = strings.Cut(arn, ":")
	}
	if account, after, ok := strings.Cut(rest, ":function:"); ok {
		n.Account, rest = account, after
	}
	rest = strings.TrimPrefix(rest, "function:")
	n.function, n.qualifier, _ = strings.Cut(rest, ":")
	if q := aws.ToString(qualifier); q != "" {
		if n.qualifier != "" && n.qualifier != q {
			return n, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		n.qualifier = q
	}
	if region != n.Region {
		return n, notFound("Functions from '%s' are not reachable in this region ('%s')", region, n.Region)
	}
	return n, nil
}

func (n name) key() string { return n.Key(n.function) }

// arn returns the function's, without the qualifier.
func (n name) arn() string { return n.ARN("lambda", "function:"+n.function) }

// qualified returns the ARN with the qualifier that was given.
func (n name) qualified() string {
	if n.qualifier == "" {
		return n.arn()
	}
	return n.arn() + ":" + n.qualifier
}

// missing is the answer where there is no such function, version or alias.
func (n name) missing() error { return notFound("Function not found: %s", n.qualified()) }

// numbered reports whether the qualifier is the number of a version.
func (n name) numbered() bool {
	return n.qualifier != "" && strings.Trim(n.qualifier, "0123456789") == ""
}
