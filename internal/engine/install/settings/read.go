package settings

import (
	"bytes"
	"errors"
	"os"
	"strings"

	hcl1 "github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/ast"
	"github.com/hashicorp/hcl/hcl/parser"
	"github.com/hashicorp/hcl/hcl/token"
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// reader puts files into settings. They are in the older form of HCL, in which
// arguments may have quoted names and blocks stand on one line.
type reader struct {
	s     *Settings
	vars  map[string]string
	path  string
	diags hcl.Diagnostics
}

func (r *reader) parse(path string, raw []byte) {
	r.path = path
	if strings.HasPrefix(string(bytes.TrimSpace(raw)), "{") {
		r.problem(hcl.DiagError, at(path, 1, 1), "CLI configuration in JSON", "Only the form with blocks can be read. Write the file in that form.")
		return
	}
	f, err := hcl1.ParseBytes(raw)
	if err != nil {
		where := at(path, 1, 1)
		if e, ok := errors.AsType[*parser.PosError](err); ok {
			where = at(path, e.Pos.Line, e.Pos.Column)
			err = e.Err
		}
		r.problem(hcl.DiagError, where, "Invalid CLI configuration", "The file cannot be understood here: %v.", err)
		return
	}
	root, ok := f.Node.(*ast.ObjectList)
	if !ok {
		return
	}
	installation := false
	for _, item := range root.Items {
		switch name := key(item, 0); name {
		case "plugin_cache_dir":
			r.s.CacheDir = os.Expand(r.text(item), func(v string) string { return r.vars[v] })
		case "plugin_cache_may_break_dependency_lock_file":
			r.s.CacheMayBreakLock = r.flag(item)
		case "disable_checkpoint", "disable_checkpoint_signature":
			r.flag(item) // nothing of the kind is ever asked for
		case "provider_installation":
			if installation {
				r.bad(item, "Declared twice", "There can be only one provider_installation block.")
				continue
			}
			installation = true
			r.installation(item)
		case "credentials":
			r.host(item, func(host string, o *ast.ObjectList) {
				for _, a := range o.Items {
					if key(a, 0) == "token" {
						r.s.Tokens[host] = r.text(a)
					} else {
						r.unknown(a, "credentials")
					}
				}
			})
		case "host":
			r.host(item, r.services)
		case "credentials_helper":
			r.warn(item, "credentials_helper is not supported", "No helper is run. Give tokens in credentials blocks or in variables TF_TOKEN_….")
		case "providers", "provisioners":
			r.warn(item, name+" is not supported", "Terraform itself has dropped it. Name mirrors or dev_overrides in a provider_installation block.")
		default:
			r.unknown(item, "the CLI configuration")
		}
	}
}

// host reads a block with the name of a host.
func (r *reader) host(item *ast.ObjectItem, read func(host string, o *ast.ObjectList)) {
	host := strings.ToLower(key(item, 1))
	o := r.object(item)
	if o == nil || host == "" {
		r.bad(item, "Invalid "+key(item, 0)+" block", "It is written %s \"HOST\" { … }.", key(item, 0))
		return
	}
	read(host, o)
}

func (r *reader) services(host string, o *ast.ObjectList) {
	for _, a := range o.Items {
		services := r.object(a)
		if key(a, 0) != "services" || services == nil {
			r.unknown(a, "host")
			continue
		}
		r.s.Hosts[host] = map[string]any{}
		for _, s := range services.Items {
			r.s.Hosts[host][key(s, 0)] = r.text(s)
		}
	}
}

func (r *reader) installation(item *ast.ObjectItem) {
	o := r.object(item)
	if o == nil {
		r.bad(item, "Invalid provider_installation", "It is a block.")
		return
	}
	r.s.Methods = []Method{}
	for _, m := range o.Items {
		body := r.object(m)
		if body == nil || len(m.Keys) != 1 {
			r.bad(m, "Invalid installation method", "A method is a block without a label.")
			continue
		}
		switch kind := Kind(key(m, 0)); kind {
		case "dev_overrides":
			r.overrides(body)
		case Direct, FilesystemMirror, NetworkMirror:
			r.method(kind, m, body)
		case "oci_mirror":
			r.bad(m, "oci_mirror is not supported", "Use a network_mirror or a filesystem_mirror.")
		default:
			r.bad(m, "Unknown installation method", "%q is none of dev_overrides, filesystem_mirror, network_mirror and direct.", kind)
		}
	}
}

func (r *reader) overrides(o *ast.ObjectList) {
	for _, a := range o.Items {
		p, err := addr.ParseProvider(key(a, 0))
		if err != nil {
			r.bad(a, "Invalid provider address", "The address %v.", err)
			continue
		}
		r.s.Overrides[p] = r.text(a)
	}
}

func (r *reader) method(kind Kind, item *ast.ObjectItem, o *ast.ObjectList) {
	m := Method{Kind: kind}
	location := map[Kind]string{FilesystemMirror: "path", NetworkMirror: "url"}[kind]
	for _, a := range o.Items {
		switch key(a, 0) {
		case "include":
			m.Include = r.patterns(a)
		case "exclude":
			m.Exclude = r.patterns(a)
		case location:
			m.Location = r.text(a)
		default:
			r.unknown(a, string(kind))
		}
	}
	switch {
	case location != "" && m.Location == "":
		r.bad(item, "Invalid installation method", "The method %s needs the argument %s.", kind, location)
		return
	case kind == NetworkMirror && !strings.HasPrefix(m.Location, "https://"):
		r.bad(item, "Invalid installation method", "The url of a network_mirror must begin with https://.")
		return
	case kind == NetworkMirror && !strings.HasSuffix(m.Location, "/"):
		m.Location += "/"
	}
	r.s.Methods = append(r.s.Methods, m)
}

func (r *reader) patterns(item *ast.ObjectItem) []Pattern {
	list, ok := item.Val.(*ast.ListType)
	if !ok {
		r.bad(item, "Invalid "+key(item, 0), "It must be a list of strings.")
		return nil
	}
	var out []Pattern
	for _, n := range list.List {
		l, ok := n.(*ast.LiteralType)
		if !ok {
			r.bad(item, "Invalid "+key(item, 0), "It must be a list of strings.")
			continue
		}
		text, _ := l.Token.Value().(string)
		p, err := parsePattern(text)
		if err != nil {
			r.bad(item, "Invalid provider address", "The address %v.", err)
			continue
		}
		out = append(out, p)
	}
	return out
}

// key is a word before the value, such as the type of a block and its label.
func key(item *ast.ObjectItem, i int) string {
	if i >= len(item.Keys) {
		return ""
	}
	text, _ := item.Keys[i].Token.Value().(string)
	return text
}

func (r *reader) object(item *ast.ObjectItem) *ast.ObjectList {
	if o, ok := item.Val.(*ast.ObjectType); ok {
		return o.List
	}
	return nil
}

func (r *reader) text(item *ast.ObjectItem) string {
	if l, ok := item.Val.(*ast.LiteralType); ok && (l.Token.Type == token.STRING || l.Token.Type == token.HEREDOC) {
		text, _ := l.Token.Value().(string)
		return text
	}
	r.bad(item, "Invalid "+key(item, 0), "It must be a string.")
	return ""
}

func (r *reader) flag(item *ast.ObjectItem) bool {
	if l, ok := item.Val.(*ast.LiteralType); ok && l.Token.Type == token.BOOL {
		value, _ := l.Token.Value().(bool)
		return value
	}
	r.bad(item, "Invalid "+key(item, 0), "It must be true or false.")
	return false
}

func (r *reader) unknown(item *ast.ObjectItem, where string) {
	r.warn(item, "Unknown setting", "%q means nothing in %s. It is not used; remove it.", key(item, 0), where)
}

func (r *reader) bad(item *ast.ObjectItem, summary, detail string, args ...any) {
	r.problem(hcl.DiagError, at(r.path, item.Pos().Line, item.Pos().Column), summary, detail, args...)
}

func (r *reader) warn(item *ast.ObjectItem, summary, detail string, args ...any) {
	r.problem(hcl.DiagWarning, at(r.path, item.Pos().Line, item.Pos().Column), summary, detail, args...)
}
