package encryption

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// Variable is the environment variable whose text is the content of an encryption
// block. What it says wins over what the configuration says.
const Variable = "TF_ENCRYPTION"

// An Eval gives an argument its value before anything is planned.
type Eval func(x hcl.Expression, ty cty.Type) (cty.Value, hcl.Diagnostics)

// A Setup is what a configuration encrypts; a nil target is stored as it is.
type Setup struct{ State, Plan *Target }

var blockSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "key_provider", LabelNames: []string{"type", "name"}},
	{Type: "method", LabelNames: []string{"type", "name"}},
	{Type: "state"}, {Type: "plan"}, {Type: "remote_state_data_sources"},
}}

// Parse reads the text of [Variable].
func Parse(text string) (hcl.Body, hcl.Diagnostics) {
	name := "environment variable " + Variable
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		f, diags := syntax.File([]byte(text), name+".json")
		if diags.HasErrors() {
			return nil, diags
		}
		return f.Body, nil
	}
	f, diags := syntax.File([]byte(text), name)
	if diags.HasErrors() {
		return nil, diags
	}
	return f.Body, nil
}

// reading is what is known of the blocks while they are read.
type reading struct {
	eval    Eval
	keys    map[string]*Keys
	methods map[string]Method
	diags   hcl.Diagnostics
}

func (r *reading) fail(at hcl.Range, summary, format string, args ...any) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at})
}

func (r *reading) unknown(at hcl.Range) {
	r.fail(at, "The value is not known yet", "How states are encrypted must be known before anything is planned. Give its variables their values.")
}

// Read reads the bodies of encryption blocks; a later one wins over those before it,
// key provider by key provider, method by method and target by target.
func Read(bodies []hcl.Body, eval Eval) (Setup, hcl.Diagnostics) {
	r := &reading{eval: eval, keys: map[string]*Keys{}, methods: map[string]Method{}}
	providers, methods, targets := map[string]*hcl.Block{}, map[string]*hcl.Block{}, map[string]*hcl.Block{}
	for _, body := range bodies {
		content, diags := body.Content(blockSchema)
		r.diags = append(r.diags, diags...)
		for _, b := range content.Blocks {
			switch b.Type {
			case "key_provider":
				providers["key_provider."+strings.Join(b.Labels, ".")] = b
			case "method":
				methods["method."+strings.Join(b.Labels, ".")] = b
			case "remote_state_data_sources":
				r.fail(b.DefRange, "Encrypted states of others are not supported", "The data source terraform_remote_state reads states that are not encrypted. Remove the block.")
			default:
				targets[b.Type] = b
			}
		}
	}
	for name, b := range providers {
		r.provider(name, b)
	}
	for name, b := range methods {
		r.method(name, b)
	}
	if r.diags.HasErrors() {
		return Setup{}, r.diags
	}
	s := Setup{State: r.target(targets["state"]), Plan: r.target(targets["plan"])}
	return s, r.diags
}

// arguments evaluates the arguments of a block, which may have those of the table.
func (r *reading) arguments(b *hcl.Block, types map[string]cty.Type, into map[string]any) map[string]hcl.Range {
	attributes, diags := b.Body.JustAttributes()
	r.diags = append(r.diags, diags...)
	at := map[string]hcl.Range{}
	for name, a := range attributes {
		ty, ok := types[name]
		if !ok {
			r.fail(a.NameRange, "Unsupported argument", "%s %q has no argument %q.", b.Type, b.Labels[0], name)
			continue
		}
		v, diags := r.eval(a.Expr, ty)
		r.diags = append(r.diags, diags...)
		if diags.HasErrors() {
			continue
		}
		v, _ = v.Unmark() // a passphrase may well be sensitive
		switch {
		case !v.IsKnown():
			r.unknown(a.Expr.Range())
		case !v.IsNull():
			if err := gocty.FromCtyValue(v, into[name]); err != nil {
				r.fail(a.Expr.Range(), "Wrong type of value", "The value does not fit: %s.", err)
			}
		}
		at[name] = a.Expr.Range()
	}
	return at
}

const (
	minPassphrase = 16
	minIterations = 200_000
	maxSalt       = 1024 // bytes; it is stored in every file
)

func (r *reading) provider(name string, b *hcl.Block) {
	if b.Labels[0] != "pbkdf2" {
		r.fail(b.DefRange, "The key provider is not supported", "%q is none of this engine's key providers. Use pbkdf2, with a passphrase that a secret store gives to "+Variable+".", b.Labels[0])
		return
	}
	k := &Keys{Name: name, KeyLength: 32, Iterations: 600_000, Hash: "sha512", SaltLength: 32}
	alias := ""
	at := r.arguments(b,
		map[string]cty.Type{"passphrase": cty.String, "key_length": cty.Number, "iterations": cty.Number, "hash_function": cty.String, "salt_length": cty.Number, "encrypted_metadata_alias": cty.String},
		map[string]any{"passphrase": &k.Passphrase, "key_length": &k.KeyLength, "iterations": &k.Iterations, "hash_function": &k.Hash, "salt_length": &k.SaltLength, "encrypted_metadata_alias": &alias})
	if alias != "" {
		k.Name = alias
	}
	where := func(argument string) hcl.Range {
		if a, ok := at[argument]; ok {
			return a
		}
		return b.DefRange
	}
	switch {
	case r.diags.HasErrors():
	case len(k.Passphrase) < minPassphrase:
		r.fail(where("passphrase"), "The passphrase is too short", "A passphrase must have at least %d characters.", minPassphrase)
	case k.Iterations < minIterations || k.Iterations > maxIterations:
		r.fail(where("iterations"), "Unsafe number of iterations", "The number must be between %d and %d.", minIterations, maxIterations)
	case hashes[k.Hash] == nil:
		r.fail(where("hash_function"), "Unknown hash function", "The hash functions are sha256 and sha512, not %q.", k.Hash)
	case !slices.Contains([]int{16, 24, 32}, k.KeyLength):
		r.fail(where("key_length"), "Wrong length of keys", "AES has keys of 16, 24 or 32 bytes, not of %d.", k.KeyLength)
	case k.SaltLength < 1 || k.SaltLength > maxSalt:
		r.fail(where("salt_length"), "Wrong length of salts", "A salt must have between 1 and %d bytes.", maxSalt)
	}
	r.keys[name] = k
}

func (r *reading) method(name string, b *hcl.Block) {
	switch b.Labels[0] {
	case "unencrypted":
		r.arguments(b, nil, nil)
		r.methods[name] = Method{Name: name}
	case "aes_gcm":
		attributes, diags := b.Body.JustAttributes()
		r.diags = append(r.diags, diags...)
		for n, a := range attributes {
			switch {
			case n == "aad":
				r.fail(a.NameRange, "The argument is not supported", "This engine has no additional authenticated data. Remove the argument.")
			case n != "keys":
				r.fail(a.NameRange, "Unsupported argument", "method \"aes_gcm\" has no argument %q.", n)
			}
		}
		a := attributes["keys"]
		if a == nil {
			r.fail(b.DefRange, "Missing argument", "method \"aes_gcm\" needs keys, such as keys = key_provider.pbkdf2.main.")
			return
		}
		keys := r.keys[r.reference(a.Expr)]
		if keys == nil {
			r.fail(a.Expr.Range(), "No such key provider", "The argument must refer to a key_provider block, such as key_provider.pbkdf2.main.")
			return
		}
		r.methods[name] = Method{Name: name, Keys: keys}
	default:
		r.fail(b.DefRange, "The method is not supported", "%q is none of this engine's methods of encryption; it has aes_gcm and unencrypted.", b.Labels[0])
	}
}

// reference is the text of an expression that names a block; in JSON it is a string.
func (r *reading) reference(x hcl.Expression) string {
	t, diags := hcl.AbsTraversalForExpr(x)
	if diags.HasErrors() {
		return ""
	}
	var parts []string
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			parts = append(parts, s.Name)
		case hcl.TraverseAttr:
			parts = append(parts, s.Name)
		}
	}
	return strings.Join(parts, ".")
}

var targetSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "method"}, {Name: "enforced"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "fallback"}},
}

// target reads a target with its chain of fallbacks; nil if there is none.
func (r *reading) target(b *hcl.Block) *Target {
	if b == nil {
		return nil
	}
	t := &Target{}
	enforced := false
	for body, at := b.Body, b.DefRange; body != nil; {
		content, diags := body.Content(targetSchema)
		r.diags = append(r.diags, diags...)
		if a := content.Attributes["enforced"]; a != nil {
			v, diags := r.eval(a.Expr, cty.Bool)
			r.diags = append(r.diags, diags...)
			v, _ = v.Unmark() // it may depend on something sensitive
			switch {
			case diags.HasErrors():
			case !v.IsKnown():
				r.unknown(a.Expr.Range())
			default:
				enforced = enforced || !v.IsNull() && v.True()
			}
		}
		if a := content.Attributes["method"]; a == nil {
			r.fail(at, "Missing argument", "The block needs a method, such as method = method.aes_gcm.main.")
		} else if m, ok := r.methods[r.reference(a.Expr)]; !ok {
			r.fail(a.Expr.Range(), "No such method", "The argument must refer to a method block, such as method.aes_gcm.main.")
		} else {
			t.Methods = append(t.Methods, m)
		}
		body = nil
		for i, f := range content.Blocks {
			if body, at = f.Body, f.DefRange; i > 0 {
				r.fail(f.DefRange, "Declared twice", "A block has one fallback, which may have one itself.")
			}
		}
	}
	if len(t.Methods) == 0 {
		return nil
	}
	if enforced {
		for _, m := range t.Methods {
			if m.Keys == nil {
				r.fail(b.DefRange, "Encryption is enforced", "With enforced = true, no method of the block may be \"unencrypted\".")
				break
			}
		}
	}
	return t
}
