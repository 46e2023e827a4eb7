package access

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type policyModel struct {
	tf.SourceBase
	Statements []statementModel `tfsdk:"statements"`
	Grants     []grantModel     `tfsdk:"grants"`
	Sources    []tf.JSON        `tfsdk:"sources"`
	JSON       types.String     `tfsdk:"json"`
	Size       types.Int64      `tfsdk:"size"`
}

type statementModel struct {
	Sid           types.String                         `tfsdk:"sid"`
	Effect        types.String                         `tfsdk:"effect"`
	Principals    map[string][]types.String            `tfsdk:"principals"`
	NotPrincipals map[string][]types.String            `tfsdk:"not_principals"`
	Actions       []types.String                       `tfsdk:"actions"`
	NotActions    []types.String                       `tfsdk:"not_actions"`
	Resources     []types.String                       `tfsdk:"resources"`
	NotResources  []types.String                       `tfsdk:"not_resources"`
	Conditions    map[string]map[string][]types.String `tfsdk:"conditions"`
}

type grantModel struct {
	To     []types.String `tfsdk:"to"`
	Access []types.String `tfsdk:"access"`
}

var texts = types.SetType{ElemType: types.StringType}

func set(about string) schema.SetAttribute {
	return schema.SetAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)}, MarkdownDescription: about}
}

// Policy is the data source serverless_policy: a policy document.
var Policy = tf.Source[Backend, policyModel]{
	Name: "policy",
	Schema: schema.Schema{
		MarkdownDescription: "Builds a policy document of IAM from statements, from the access words of `serverless_grant`, and from other documents. Lists are sorted, so that the same statements are always the same text.",
		Attributes: map[string]schema.Attribute{
			"statements": schema.ListNestedAttribute{
				Optional: true, MarkdownDescription: "Statements, in their order.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"sid":            schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the statement, unique in the policy."},
					"effect":         schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf("Allow", "Deny")}, MarkdownDescription: "`Allow` or `Deny`. Default: `Allow`."},
					"principals":     schema.MapAttribute{Optional: true, ElementType: texts, MarkdownDescription: "Who is meant, for policies of things and of trust: by kind, such as `{ Service = [\"lambda.amazonaws.com\"] }`; `{ \"*\" = [\"*\"] }` is everyone."},
					"not_principals": schema.MapAttribute{Optional: true, ElementType: texts, MarkdownDescription: "Who is not meant, all others being."},
					"actions":        set("Actions, such as `s3:GetObject`; `*` stands for any text."),
					"not_actions":    set("All actions but these."),
					"resources":      set("ARNs that the actions are about; `*` stands for any text. Left out in a policy of trust."),
					"not_resources":  set("All ARNs but these."),
					"conditions":     schema.MapAttribute{Optional: true, ElementType: types.MapType{ElemType: texts}, MarkdownDescription: "Conditions by operator and key: `{ StringEquals = { \"aws:SourceAccount\" = [\"123456789012\"] } }`."},
				}},
			},
			"grants": schema.ListNestedAttribute{
				Optional: true, MarkdownDescription: "What `serverless_grant` writes for the same words.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"to":     schema.SetAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "ARNs of tables, functions, queues and the like."},
					"access": schema.SetAttribute{Required: true, ElementType: types.StringType, MarkdownDescription: "Access words, such as `read`."},
				}},
			},
			"sources": schema.ListAttribute{Optional: true, ElementType: tf.JSONType{}, MarkdownDescription: "Policy documents, JSON, whose statements follow as they are."},
			"json":    schema.StringAttribute{Computed: true, MarkdownDescription: "The policy."},
			"size":    schema.Int64Attribute{Computed: true, MarkdownDescription: "How many characters AWS counts of it: all but white space. A managed policy may have 6,144, the inline ones of a role 10,240 together."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *policyModel) {
		if !v.Known("statements") {
			return
		}
		for i, s := range m.Statements {
			at := path.Root("statements").AtListIndex(i)
			switch {
			case (s.Actions == nil) == (s.NotActions == nil):
				v.Error(at.AtName("actions"), "Which actions?", "A statement has actions or not_actions, and not both.")
			case s.Resources != nil && s.NotResources != nil:
				v.Error(at.AtName("not_resources"), "Which resources?", "A statement has resources or not_resources, and not both. Remove one.")
			case s.Principals != nil && s.NotPrincipals != nil:
				v.Error(at.AtName("not_principals"), "Which principals?", "A statement has principals or not_principals, and not both. Remove one.")
			}
		}
	},
	Read: func(_ context.Context, _ Backend, m *policyModel) error {
		text, err := m.document()
		if err != nil {
			return err
		}
		m.JSON = types.StringValue(text)
		size := 0
		for _, r := range text {
			if !unicode.IsSpace(r) {
				size++
			}
		}
		m.Size = types.Int64Value(int64(size))
		return nil
	},
}

// principals is who a statement is about; everyone has a form of its own.
type principals map[string][]types.String

// MarshalJSON writes lists of one without the list.
func (p principals) MarshalJSON() ([]byte, error) {
	if all := p["*"]; len(p) == 1 && len(all) == 1 && all[0].ValueString() == "*" {
		return []byte(`"*"`), nil
	}
	out := map[string]parts.Strings{}
	for kind, who := range p {
		out[kind] = sorted(who)
	}
	return json.Marshal(out)
}

// document is the policy as JSON.
func (m *policyModel) document() (string, error) {
	var own []string
	for i, s := range m.Statements {
		conditions := map[string]map[string]parts.Strings{}
		for operator, keys := range s.Conditions {
			conditions[operator] = map[string]parts.Strings{}
			for key, values := range keys {
				conditions[operator][key] = sorted(values)
			}
		}
		effect := "Allow"
		if !s.Effect.IsNull() {
			effect = s.Effect.ValueString()
		}
		text, err := json.Marshal(struct {
			Version   string
			Statement any
		}{"2012-10-17", struct {
			Sid          string                              `json:",omitempty"`
			Effect       string                              `json:",omitempty"`
			Principal    principals                          `json:",omitempty"`
			NotPrincipal principals                          `json:",omitempty"`
			Action       parts.Strings                       `json:",omitempty"`
			NotAction    parts.Strings                       `json:",omitempty"`
			Resource     parts.Strings                       `json:",omitempty"`
			NotResource  parts.Strings                       `json:",omitempty"`
			Condition    map[string]map[string]parts.Strings `json:",omitempty"`
		}{s.Sid.ValueString(), effect, s.Principals, s.NotPrincipals, sorted(s.Actions), sorted(s.NotActions), sorted(s.Resources), sorted(s.NotResources), conditions}})
		if err != nil {
			return "", tf.At(path.Root("statements").AtListIndex(i), err)
		}
		own = append(own, string(text))
	}
	var granted []parts.Statement
	for i, g := range m.Grants {
		some, err := parts.Grant(tf.Texts(g.To), sorted(g.Access))
		if err != nil {
			return "", tf.At(path.Root("grants").AtListIndex(i), err)
		}
		granted = append(granted, some...)
	}
	for _, s := range m.Sources {
		own = append(own, s.ValueString())
	}
	if len(own)+len(granted) == 0 {
		return "", &tf.Problem{Summary: "An empty policy", Detail: "A policy has a statement at least. Give statements, grants or sources."}
	}
	text, err := parts.Policy(granted, own)
	if err != nil {
		return "", err
	}
	return text, unique(text)
}

// unique refuses a policy with two statements of one name, as IAM does.
func unique(policy string) error {
	var d struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(policy), &d); err != nil {
		return fmt.Errorf("reading the policy: %w", err)
	}
	seen := map[string]bool{}
	for _, s := range d.Statement {
		if s.Sid != "" && seen[s.Sid] {
			return &tf.Problem{Summary: "Two statements of one name", Detail: fmt.Sprintf("The sid %q is that of two statements, and AWS wants each once in a policy. Name one of them otherwise.", s.Sid)}
		}
		seen[s.Sid] = true
	}
	return nil
}

func sorted(all []types.String) parts.Strings { return slices.Sorted(slices.Values(tf.Texts(all))) }
