package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type grant struct {
	tf.Base
	From             basetypes.String   `tfsdk:"from"`
	To               []basetypes.String `tfsdk:"to"`
	Access           []basetypes.String `tfsdk:"access"`
	RoleName         basetypes.String   `tfsdk:"role_name"`
	RoleARN          basetypes.String   `tfsdk:"role_arn"`
	Name             basetypes.String   `tfsdk:"name"`
	Policy           tf.JSON            `tfsdk:"policy"`
	ResourcePolicies map[string]tf.JSON `tfsdk:"resource_policies"`
}

// Grant is the type serverless_grant: access of a function, a state machine or a role
// to something.
var Grant = tf.Type[*Clients, grant]{
	Name:     "grant",
	Import:   []string{"role_name", "name"},
	Replace:  []string{"role_name"},
	Changes:  map[string][]string{"policy": {"to", "access"}, "resource_policies": {"to", "access"}},
	Gone:     tf.Gone[*types.NoSuchEntityException](),
	Validate: validateGrant,
	Plan:     planGrant,
	Find:     findGrant,
	Create:   createGrant,
	Read:     readGrant,
	Update: func(ctx context.Context, c *Clients, _, m *grant) error {
		if err := m.bearer(ctx, c); err != nil {
			return err
		}
		statements, err := m.statements()
		if err != nil {
			return err
		}
		if err := m.foreign(); err != nil {
			return err
		}
		m.warn(ctx)
		l := ledgerOf(ctx, c, m.RoleName.ValueString())
		return l.write(ctx, func(p pen) error { return p.put(ctx, m.Name.ValueString(), statements, false) })
	},
	Delete: func(ctx context.Context, c *Clients, m *grant) error {
		l := ledgerOf(ctx, c, m.RoleName.ValueString())
		return l.write(ctx, func(p pen) error { return p.remove(ctx, m.Name.ValueString()) })
	},
	Within: []string{"role_name"},
	List:   listGrants,
	Schema: schema.Schema{
		MarkdownDescription: "Lets a function, a state machine or a role use something: the same access words as the `links` of a `serverless_function`, for things that are made elsewhere or that refer to each other in a circle. " +
			"Any number of configurations may grant something to the same role at the same time: each grant is an inline policy of its own. Where the provider block names a `stack`, all of its grants share one, which leaves the role more room. Managed policies take what the role has no room for.",
		Attributes: map[string]schema.Attribute{
			"from": schema.StringAttribute{
				Required:            true, // validated beside to, which says what to do instead
				MarkdownDescription: "Who gets the access: the ARN or the name of a function, a state machine or a role. It is written into the role that it runs as. Changing it replaces the grant.",
			},
			"to": schema.SetAttribute{
				Required: true, ElementType: basetypes.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)},
				MarkdownDescription: "ARNs of what may be used: tables, functions, queues, topics, event buses, state machines, buckets, secrets, parameters, keys, Kinesis streams, place indexes, user pools; of APIs their `execution_arn`. Those of another account must let the role in, too: see `resource_policies`.",
			},
			"access": schema.SetAttribute{
				Required: true, ElementType: basetypes.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)},
				MarkdownDescription: "What may be done, all of it to all of `to`: for a table `read`, `write`, `stream`, `admin` (its settings); for an API `invoke`, `push` (to the connections of a WebSocket API); for a function `invoke`; for a queue `send`, `receive`, `purge`; for a topic or an event bus `publish`; " +
					"for a state machine `start`, `start_sync`, `stop`, `read`, `await` (beside `start`, for tasks of state machines that end in `.sync`), `callback`; for a bucket, a key or a Kinesis stream `read`, `write`; for a secret, a parameter, a place index or a user pool `read`.",
			},
			"role_name": tf.Computed("Name of the role that has the grant."),
			"role_arn":  tf.Computed("ARN of the role that has the grant."),
			"name":      tf.Computed("Name of the grant: what the Sid of its statements begins with."),
			"policy":    schema.StringAttribute{Computed: true, CustomType: tf.JSONType{}, MarkdownDescription: "The statements that the role gets, JSON."},
			"resource_policies": schema.MapAttribute{
				Computed: true, ElementType: tf.JSONType{},
				MarkdownDescription: "For each of `to` that belongs to another account: the policy that it must have there to let the role in, JSON by ARN. Null if there is none.",
			},
		},
	},
}

// statements are what the role gets.
func (m *grant) statements() ([]parts.Statement, error) {
	all, err := parts.Grant(tf.Texts(m.To), tf.Texts(m.Access))
	if err != nil {
		return nil, tf.At(path.Root("access"), &tf.Problem{Summary: "Not an access that can be granted", Detail: err.Error() + "."})
	}
	return all, nil
}

// policyOf is the attribute policy.
func policyOf(statements []parts.Statement) (tf.JSON, error) {
	text, err := parts.Policy(statements, nil)
	return tf.JSONValue(text), err
}

// allowing are the services whose things have policies of their own, which let
// accounts in.
var allowing = []string{"dynamodb", "events", "execute-api", "kinesis", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs"}

// foreign sets what the things of other accounts must allow, and refuses those that
// can allow nothing. The role must be known.
func (m *grant) foreign() error {
	role := strings.SplitN(m.RoleARN.ValueString()+":::::", ":", 6)
	m.ResourcePolicies = nil
	for _, arn := range texts(m.To) {
		p := strings.SplitN(arn, ":", 6)
		if len(p) < 6 || p[4] == "" || p[4] == role[4] {
			continue
		}
		if !slices.Contains(allowing, p[2]) {
			return tf.At(path.Root("to"), &tf.Problem{
				Summary: "Something of another account that lets nobody in",
				Detail:  fmt.Sprintf("%s belongs to account %s, and the role to account %s. Things of the service %s have no policy that could let it in. Let it take on a role of that account instead: serverless_role with assume_role_policy there.", arn, p[4], role[4], p[2]),
			})
		}
		own, err := parts.Grant([]string{arn}, tf.Texts(m.Access))
		if err != nil {
			return err
		}
		for i := range own {
			own[i].Principal = map[string]parts.Strings{"AWS": {m.RoleARN.ValueString()}}
		}
		policy, err := policyOf(own)
		if err != nil {
			return err
		}
		if m.ResourcePolicies == nil {
			m.ResourcePolicies = map[string]tf.JSON{}
		}
		m.ResourcePolicies[arn] = policy
	}
	return nil
}

// warn says that the other side is not written here.
func (m *grant) warn(ctx context.Context) {
	if len(m.ResourcePolicies) == 0 {
		return
	}
	tf.Warn(ctx, "Another account must let the role in, too", fmt.Sprintf(
		"The role %s may use %s now as far as its own account is concerned. They belong to other accounts, which have to allow it as well: resource_policies is what to write into the policy of each of them there.",
		m.RoleName.ValueString(), strings.Join(slices.Sorted(maps.Keys(m.ResourcePolicies)), ", ")))
}

func validateGrant(_ context.Context, v *tf.Check, m *grant) {
	if v.Known("from") && !m.From.IsNull() {
		if p := m.noBearer(); p != nil {
			v.Error(path.Root("from"), p.Summary, p.Detail)
		}
	}
	if !v.Known("access") {
		return
	}
	if err := parts.CheckWords(tf.Texts(m.Access)); err != nil {
		v.Error(path.Root("access"), "Not an access word", err.Error()+".")
		return
	}
	for _, arn := range m.To {
		if arn.IsUnknown() {
			continue
		}
		if _, err := parts.Grant([]string{arn.ValueString()}, tf.Texts(m.Access)); err != nil {
			v.Error(path.Root("to"), "Not an access that can be granted", "to and access do not go together: "+err.Error()+".")
		}
	}
}

func planGrant(_ context.Context, p *tf.Plan[grant]) error {
	m := p.Planned
	if p.Prior != nil && !p.Prior.From.IsNull() && p.Changed("from") {
		p.Replace("from")
	}
	if !p.Known("to") || !p.Known("access") {
		return nil // both are unknown then
	}
	statements, err := m.statements()
	if err != nil {
		return err
	}
	policy, err := policyOf(statements)
	if err != nil {
		return err
	}
	if p.Prior != nil && tf.SameJSON(p.Prior.Policy.ValueString(), policy.ValueString()) {
		policy = p.Prior.Policy
	}
	p.Set("policy", policy)
	return nil
}

func hash(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return hex.EncodeToString(sum[:5])
}

// noBearer says what from must be if it is something that never runs as a role.
func (m *grant) noBearer() *tf.Problem {
	from := m.From.ValueString()
	if bearerRef().MatchString(from) {
		return nil
	}
	err := parts.Instead(from, tf.Texts(m.To))
	if err == nil {
		err = fmt.Errorf("%q is neither the ARN nor the name of one; write the ARN or the name of a function, a state machine or a role", from)
	}
	return &tf.Problem{Summary: "Neither a function, a state machine nor a role", Detail: "from: " + err.Error() + "."}
}

// bearer finds the role, and demands that it is the one that it was.
func (m *grant) bearer(ctx context.Context, c *Clients) error {
	if p := m.noBearer(); p != nil {
		return tf.At(path.Root("from"), p)
	}
	arn, err := roleOf(ctx, c, m.From.ValueString())
	if err != nil {
		return err
	}
	if arn == "" {
		return tf.At(path.Root("from"), &tf.Problem{
			Summary: "Nobody to give access to",
			Detail:  fmt.Sprintf("There is no function, state machine or role %q in %s. Correct from, or create it first.", m.From.ValueString(), tf.ScopeOf(ctx).Region),
		})
	}
	if was := m.RoleARN.ValueString(); was != "" && was != arn {
		return tf.At(path.Root("from"), &tf.Problem{
			Summary: "The grant is of another role",
			Detail:  fmt.Sprintf("from leads to %s, and the grant was imported from %s. Import it from the right one, or have it replaced.", arn, was),
		})
	}
	m.RoleARN, m.RoleName = basetypes.StringValue(arn), basetypes.StringValue(lastPart(arn))
	return nil
}

// called gives a new grant its name: one that nothing else of the role has, as find
// says. It reports whether the same grant is there.
func (m *grant) called(ctx context.Context, l ledger, statements []parts.Statement, find func(ctx context.Context, name string) ([]parts.Statement, error)) (bool, error) {
	for n := 0; ; n++ {
		name := grantName + hash(append(append([]string{l.role, l.owner, strconv.Itoa(n)}, texts(m.To)...), texts(m.Access)...)...)
		found, err := find(ctx, name)
		if err != nil {
			return false, err
		}
		if found == nil || sameStatements(found, statements) {
			m.Name = basetypes.StringValue(name)
			return found != nil, nil
		}
	}
}

// sameStatements reports whether both allow the same in the same words.
func sameStatements(a, b []parts.Statement) bool {
	x, err := json.Marshal(a)
	y, again := json.Marshal(b)
	return err == nil && again == nil && tf.SameJSON(string(x), string(y))
}

func findGrant(ctx context.Context, c *Clients, m *grant) (bool, map[string]string, error) {
	m.RoleARN = basetypes.StringNull()
	err := m.bearer(ctx, c)
	if err != nil {
		return false, nil, err
	}
	statements, err := m.statements()
	if err != nil {
		return false, nil, err
	}
	l := ledgerOf(ctx, c, m.RoleName.ValueString())
	there, err := m.called(ctx, l, statements, func(ctx context.Context, name string) ([]parts.Statement, error) { return l.find(ctx, name, l.own) })
	return there, nil, err
}

func createGrant(ctx context.Context, c *Clients, m *grant) error {
	m.RoleARN = basetypes.StringNull()
	if err := m.bearer(ctx, c); err != nil {
		return err
	}
	statements, err := m.statements()
	if err != nil {
		return err
	}
	if err := m.foreign(); err != nil {
		return err
	}
	m.warn(ctx)
	l := ledgerOf(ctx, c, m.RoleName.ValueString())
	return l.write(ctx, func(p pen) error {
		there, err := m.called(ctx, l, statements, p.has)
		if err != nil {
			return err
		}
		if there { // another block was faster
			return &tf.Problem{Summary: "The role " + l.role + " has that grant already", Detail: "Another block makes the same one. Remove one of both."}
		}
		if err := p.put(ctx, m.Name.ValueString(), statements, true); err != nil {
			return unmarked(err)
		}
		m.ID = basetypes.StringValue(l.role + "/" + m.Name.ValueString())
		return nil
	})
}

// readGrant looks for the grant at the role that from leads to now. A function that has
// another role by now has the grant no more: what the old role has stands under its own
// name, so that it is replaced.
func readGrant(ctx context.Context, c *Clients, m *grant) error {
	name := lastPart(m.RoleName.ValueString())
	m.RoleName, m.ID = basetypes.StringValue(name), basetypes.StringValue(name+"/"+m.Name.ValueString())
	if m.RoleARN.IsNull() || m.RoleARN.IsUnknown() {
		arn, err := named(ctx, c, name)
		if err != nil {
			return err
		}
		if arn == "" {
			return tf.ErrGone
		}
		m.RoleARN = basetypes.StringValue(arn)
	}
	l := ledgerOf(ctx, c, name)
	found, err := l.find(ctx, m.Name.ValueString(), func(ctx context.Context) ([]sheet, error) { return l.others(ctx, m.Name.ValueString()) })
	if err != nil {
		return err
	}
	if found == nil {
		return tf.ErrGone
	}
	if want, err := m.statements(); err != nil || !sameStatements(want, found) {
		to, access := parts.Granted(found)
		m.To, m.Access = tf.Strings(to), tf.Strings(access)
	}
	policy, err := policyOf(found)
	if err != nil {
		return err
	}
	if !tf.SameJSON(policy.ValueString(), m.Policy.ValueString()) {
		m.Policy = policy
	}
	if from := m.From.ValueString(); from != "" && from != name { // not the role itself
		arn, err := roleOf(ctx, c, from)
		if err != nil && !tf.Is[*tf.Problem](err) { // a name that is not one thing's any more tells nothing
			return err
		}
		if arn != "" && arn != m.RoleARN.ValueString() {
			m.From = m.RoleARN
		}
	}
	was := m.ResourcePolicies
	if err := m.foreign(); err != nil {
		return err
	}
	for arn, policy := range m.ResourcePolicies {
		if tf.SameJSON(policy.ValueString(), was[arn].ValueString()) {
			m.ResourcePolicies[arn] = was[arn]
		}
	}
	if reflect.DeepEqual(was, m.ResourcePolicies) {
		m.ResourcePolicies = was
	}
	return nil
}

// listGrants finds the grants of a role in all of its sheets.
func listGrants(ctx context.Context, c *Clients, in *grant, found func(*grant) error) error {
	l := ledgerOf(ctx, c, lastPart(in.RoleName.ValueString()))
	sheets, err := l.sheets(ctx)
	if err != nil {
		return err
	}
	for _, s := range sheets {
		all, err := l.read(ctx, s)
		if err != nil {
			return err
		}
		for _, name := range all.grants() {
			m := *in
			m.RoleName, m.Name = basetypes.StringValue(l.role), basetypes.StringValue(name)
			if err := found(&m); err != nil {
				return err
			}
		}
	}
	return nil
}
