// Package settings reads what a user has set up for all configurations: the CLI
// configuration file, which is .terraformrc or that of TF_CLI_CONFIG_FILE, and
// the variables of the environment that stand for parts of it.
//
// It must not fetch or install anything. A part that it does not know is named
// in a warning, and never followed by half.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Settings are a user's.
type Settings struct {
	Overrides map[addr.Provider]string // dev_overrides: the folder of the provider's program
	Methods   []Method                 // of provider_installation, in order; nil: not given
	Folders   []string                 // that are mirrors if Methods are not given, where they exist

	CacheDir          string // plugin_cache_dir; empty: none
	CacheMayBreakLock bool   // a cached package may be used though the lock file does not know it

	Tokens map[string]string         // by host
	Hosts  map[string]map[string]any // by host: its services, which are then not asked for
}

// Method is a way to install providers.
type Method struct {
	Kind     Kind
	Location string    // a folder or a URL; empty for Direct
	Include  []Pattern // of the providers that it is for; empty: all
	Exclude  []Pattern
}

// Kind is what a Method does.
type Kind string

// The kinds of methods.
const (
	FilesystemMirror Kind = "filesystem_mirror"
	NetworkMirror    Kind = "network_mirror"
	Direct           Kind = "direct"
)

// For tells that the method is for a provider.
func (m Method) For(p addr.Provider) bool {
	in := func(patterns []Pattern) bool {
		return slices.ContainsFunc(patterns, func(x Pattern) bool { return x.Matches(p) })
	}
	return (len(m.Include) == 0 || in(m.Include)) && !in(m.Exclude)
}

// Pattern is a provider's address in which the namespace and type, or all three
// parts, may be "*".
type Pattern addr.Provider

// Matches tells that p is one of the providers that the pattern means.
func (x Pattern) Matches(p addr.Provider) bool {
	part := func(a, b string) bool { return a == "*" || a == b }
	return part(x.Host, p.Host) && part(x.Namespace, p.Namespace) && part(x.Type, p.Type)
}

func parsePattern(s string) (Pattern, error) {
	parts := strings.Split(s, "/")
	switch len(parts) {
	case 1:
		parts = []string{addr.DefaultHost, "hashicorp", parts[0]}
		if s == "*" {
			parts[1] = "*"
		}
	case 2:
		parts = append([]string{addr.DefaultHost}, parts...)
	case 3:
	default:
		return Pattern{}, fmt.Errorf("%q must have the form [host/]namespace/type", s)
	}
	for i := range 2 {
		if parts[i] == "*" && parts[i+1] != "*" {
			return Pattern{}, fmt.Errorf("%q has a part behind \"*\" that is not \"*\"", s)
		}
	}
	plain := slices.Clone(parts)
	for i, x := range plain {
		if x == "*" {
			plain[i] = "any"
		}
	}
	if _, err := addr.ParseProvider(strings.Join(plain, "/")); err != nil {
		return Pattern{}, err
	}
	return Pattern{Host: strings.ToLower(parts[0]), Namespace: strings.ToLower(parts[1]), Type: strings.ToLower(parts[2])}, nil
}

// Environment is where the settings of a user are.
type Environment struct {
	Vars []string // NAME=VALUE
	Home string   // the user's folder; empty: there is none
}

// Load reads the settings. They are never nil.
func Load(e Environment) (*Settings, hcl.Diagnostics) {
	vars := map[string]string{}
	for _, v := range e.Vars {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	r := &reader{vars: vars, s: &Settings{Overrides: map[addr.Provider]string{}, Tokens: map[string]string{}, Hosts: map[string]map[string]any{}}}
	if file := vars["TF_CLI_CONFIG_FILE"]; file != "" {
		r.file(file, true)
	} else if e.Home != "" {
		r.home(e.Home)
	}
	if dir := vars["TF_PLUGIN_CACHE_DIR"]; dir != "" {
		r.s.CacheDir = dir
	}
	if v := vars["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"]; v != "" {
		r.s.CacheMayBreakLock = v != "0" && v != "false"
	}
	r.tokens()
	r.s.Folders = folders(e.Home, vars)
	if dir := r.s.CacheDir; dir != "" {
		if at, err := os.Stat(dir); err != nil || !at.IsDir() {
			r.problem(hcl.DiagError, nil, "Plugin cache cannot be used", "The folder %s, which plugin_cache_dir or TF_PLUGIN_CACHE_DIR names, is not there. Make it, or remove the setting.", dir)
			r.s.CacheDir = ""
		}
	}
	return r.s, r.diags
}

// folders are where terraform looks for providers without being told.
func folders(home string, vars map[string]string) []string {
	out := []string{filepath.Join("terraform.d", "plugins")}
	if home == "" {
		return out
	}
	out = append(out, filepath.Join(home, ".terraform.d", "plugins"))
	data := vars["XDG_DATA_HOME"]
	if data == "" {
		data = filepath.Join(home, ".local", "share")
	}
	dirs := vars["XDG_DATA_DIRS"]
	if dirs == "" {
		dirs = "/usr/local/share:/usr/share"
	}
	for _, dir := range append([]string{data}, filepath.SplitList(dirs)...) {
		if filepath.IsAbs(dir) {
			out = append(out, filepath.Join(dir, "terraform", "plugins"))
		}
	}
	return out
}

// home reads the files that are in the user's folder.
func (r *reader) home(home string) {
	r.file(filepath.Join(home, ".terraformrc"), false)
	entries, err := os.ReadDir(filepath.Join(home, ".terraform.d"))
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(home, ".terraform.d", e.Name())
		switch {
		case e.Name() == "credentials.tfrc.json":
			r.credentials(path)
		case strings.HasSuffix(e.Name(), ".tfrc"):
			r.file(path, true)
		case strings.HasSuffix(e.Name(), ".tfrc.json"):
			r.problem(hcl.DiagWarning, at(path, 1, 1), "CLI configuration is not read", "The file is JSON, which is read only from credentials.tfrc.json. Write it in the other form, as a .tfrc file.")
		}
	}
}

// credentials reads the file that "terraform login" writes.
func (r *reader) credentials(path string) {
	raw, err := os.ReadFile(path)
	var doc struct {
		Credentials map[string]struct {
			Token string `json:"token"`
		} `json:"credentials"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &doc)
	}
	if err != nil {
		r.problem(hcl.DiagError, at(path, 1, 1), "Credentials cannot be read", "Reading %s: %v.", path, err)
		return
	}
	for host, c := range doc.Credentials {
		r.s.Tokens[strings.ToLower(host)] = c.Token
	}
}

// tokens takes TF_TOKEN_host, in which a dot is an underscore and a dash two.
func (r *reader) tokens() {
	for _, name := range slices.Sorted(maps.Keys(r.vars)) {
		host, ok := strings.CutPrefix(name, "TF_TOKEN_")
		if !ok || host == "" {
			continue
		}
		host = strings.ReplaceAll(host, "__", "-")
		r.s.Tokens[strings.ToLower(strings.ReplaceAll(host, "_", "."))] = r.vars[name]
	}
}

func (r *reader) file(path string, must bool) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if must {
			r.problem(hcl.DiagWarning, nil, "CLI configuration file not found", "There is no file %s, which the environment variable TF_CLI_CONFIG_FILE names.", path)
		}
		return
	}
	if err != nil {
		r.problem(hcl.DiagError, nil, "CLI configuration file cannot be read", "Reading %s: %v.", path, err)
		return
	}
	r.parse(path, raw)
}

func (r *reader) problem(severity hcl.DiagnosticSeverity, at *hcl.Range, summary, detail string, args ...any) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: severity, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: at})
}

func at(path string, line, column int) *hcl.Range {
	p := hcl.Pos{Line: max(line, 1), Column: max(column, 1)}
	return &hcl.Range{Filename: path, Start: p, End: p}
}
