package function

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A reference names a function, and maybe one of its aliases or versions.
type reference struct{ name, qualifier *string }

// refer reads a function's name or ARN; either may end in a colon and an alias or
// a version.
func refer(function tftypes.String) reference {
	s := function.ValueString()
	if before, name, ok := strings.Cut(s, ":function:"); ok {
		name, qualifier, qualified := strings.Cut(name, ":")
		full := before + ":function:" + name
		if qualified {
			return reference{&full, &qualifier}
		}
		return reference{&full, nil}
	}
	name, qualifier, qualified := strings.Cut(s, ":")
	if qualified {
		return reference{&name, &qualifier}
	}
	return reference{&name, nil}
}

// id is the short form: the name, and the qualifier behind a colon.
func (r reference) id() string {
	name := *r.name
	if _, short, ok := strings.Cut(name, ":function:"); ok {
		name = short
	}
	if r.qualifier != nil {
		name += ":" + *r.qualifier
	}
	return name
}

// plain is the reference without the qualifier $LATEST, which says nothing.
func (r reference) plain() reference {
	if r.qualifier != nil && *r.qualifier == latest {
		r.qualifier = nil
	}
	return r
}

// function is the short form without a qualifier.
func (r reference) function() string { return reference{name: r.name}.id() }

// same reports whether two texts name the same function and qualifier.
func same(a, b string) bool {
	x, y := refer(tftypes.StringValue(a)), refer(tftypes.StringValue(b))
	if x.id() != y.id() {
		return false
	}
	bothFull := strings.HasPrefix(*x.name, "arn:") && strings.HasPrefix(*y.name, "arn:")
	return !bothFull || *x.name == *y.name
}

var functionRef = tf.Pattern(`^(arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:)?[0-9A-Za-z_-]{1,64}(:(\$LATEST|[0-9A-Za-z_-]{1,128}))?$`,
	"write a function's name or ARN, with a colon and an alias or a version behind it if one is meant")

// functionAttribute is the attribute that says which function something is of.
func functionAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, Validators: []validator.String{functionRef}, PlanModifiers: tf.Keep("a name and the ARN with that name are the same", same),
		MarkdownDescription: "The function: its name or ARN, with a colon and an alias or a version behind it if " + what + " is of that, as the `target_arn` of a `serverless_function` has. Changing it replaces " + what + ".",
	}
}

// with returns attributes and one more.
func with(all map[string]schema.Attribute, name string, one schema.Attribute) map[string]schema.Attribute {
	all = maps.Clone(all)
	all[name] = one
	return all
}

// unanswered is the error of a call that makes what AWS has no tags for: if its
// answer was lost, or the SDK repeated the call because of that, what is there now and
// was not there before is what it made.
func unanswered(err error) error {
	if err == nil || tf.Refused(err) && !exists(err) {
		return err
	}
	return &tf.Unmarked{Err: err}
}

// exists reports whether AWS refused to make something because it is there.
func exists(err error) bool { return tf.Says(err, "ResourceConflictException", "exist") }

// once keeps the SDK from repeating a call whose answer was lost where that would
// make a second thing. The caller looks whether it was carried out.
func once(o *lambda.Options) { o.Retryer = tf.Unrepeated(o.Retryer) }
