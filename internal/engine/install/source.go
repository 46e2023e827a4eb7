package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apparentlymart/go-versions/versions"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/settings"
)

// A source is one place that providers come from.
type source interface {
	// versions are those of a provider; none if the source does not know it.
	versions(ctx context.Context, p addr.Provider) ([]versions.Version, error)
	// find is one package; nil if the source does not have it.
	find(ctx context.Context, p addr.Provider, v versions.Version, on Platform) (*found, error)
	// String is the source for messages.
	String() string
}

// found is a package that can be had.
type found struct {
	dir     string // where it is unpacked on this machine, or
	archive string // where its zip archive is, or
	url     string // from where that can be read

	accept []string // hashes of which the package must have one; none: any package
	signed []string // further hashes that are as good, of other platforms
	proof  string   // what vouches for it, for messages
}

// chosen is a source with the providers that it is for.
type chosen struct {
	source
	method settings.Method
}

// sources are those of the settings, in order.
func sources(s *settings.Settings, client *registry.Client, folders []string) []chosen {
	if folders != nil { // -plugin-dir
		var out []chosen
		for _, dir := range folders {
			out = append(out, chosen{mirror{dir}, settings.Method{}})
		}
		return out
	}
	methods := s.Methods
	if methods == nil {
		methods = implied(s.Folders)
	}
	var out []chosen
	for _, m := range methods {
		switch m.Kind {
		case settings.FilesystemMirror:
			out = append(out, chosen{mirror{m.Location}, m})
		case settings.NetworkMirror:
			out = append(out, chosen{network{m.Location, client}, m})
		case settings.Direct:
			out = append(out, chosen{direct{client}, m})
		}
	}
	return out
}

// implied are the methods of somebody who has named none: what is in one of the
// folders comes from there only, everything else from its registry.
func implied(folders []string) []settings.Method {
	registries := settings.Method{Kind: settings.Direct}
	var out []settings.Method
	for _, dir := range folders {
		m := settings.Method{Kind: settings.FilesystemMirror, Location: dir}
		for _, p := range (mirror{dir}).providers() {
			m.Include = append(m.Include, settings.Pattern(p))
		}
		if len(m.Include) > 0 {
			out = append(out, m)
			registries.Exclude = append(registries.Exclude, m.Include...)
		}
	}
	return append(out, registries)
}

// mirror is a folder HOST/NAMESPACE/TYPE with packages, as unpacked folders
// VERSION/PLATFORM or as archives terraform-provider-TYPE_VERSION_PLATFORM.zip.
type mirror struct{ dir string }

func (m mirror) String() string { return "the folder " + m.dir }

// providers are all that the folder has something of.
func (m mirror) providers() []addr.Provider {
	found, err := filepath.Glob(filepath.Join(m.dir, "*", "*", "*"))
	if err != nil {
		return nil
	}
	var out []addr.Provider
	for _, dir := range found {
		name, err := filepath.Rel(m.dir, dir)
		if err != nil {
			continue
		}
		if p, err := addr.ParseProvider(filepath.ToSlash(name)); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func (m mirror) versions(_ context.Context, p addr.Provider) ([]versions.Version, error) {
	entries, err := os.ReadDir(m.of(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []versions.Version
	for _, e := range entries {
		name := e.Name()
		if rest, ok := strings.CutPrefix(name, "terraform-provider-"+p.Type+"_"); ok && strings.HasSuffix(name, ".zip") {
			name, _, _ = strings.Cut(rest, "_")
		}
		if v, err := versions.ParseVersion(name); err == nil && !slices.ContainsFunc(out, v.Same) {
			out = append(out, v)
		}
	}
	return out, nil
}

func (m mirror) find(_ context.Context, p addr.Provider, v versions.Version, on Platform) (*found, error) {
	dir := filepath.Join(m.of(p), v.String(), on.String())
	if at, err := os.Stat(dir); err == nil && at.IsDir() {
		return &found{dir: dir, proof: unauthenticated}, nil
	}
	file := filepath.Join(m.of(p), fmt.Sprintf("terraform-provider-%s_%s_%s.zip", p.Type, v, on))
	if at, err := os.Stat(file); err == nil && at.Mode().IsRegular() {
		return &found{archive: file, proof: unauthenticated}, nil
	}
	return nil, nil
}

func (m mirror) of(p addr.Provider) string { return filepath.Join(m.dir, p.Host, p.Namespace, p.Type) }

// network is a mirror that answers over HTTP, by the protocol for that.
type network struct {
	base   string
	client *registry.Client
}

func (n network) String() string { return "the mirror " + n.base }

func (n network) read(ctx context.Context, p addr.Provider, name string, into any) (*url.URL, error) {
	base, err := url.Parse(n.base)
	if err != nil {
		return nil, err
	}
	at := base.JoinPath(p.Host, p.Namespace, p.Type, name)
	return at, n.client.Document(ctx, at, into)
}

func (n network) versions(ctx context.Context, p addr.Provider) ([]versions.Version, error) {
	var doc struct {
		Versions map[string]json.RawMessage `json:"versions"`
	}
	if _, err := n.read(ctx, p, "index.json", &doc); err != nil {
		return nil, known(err)
	}
	var out []versions.Version
	for text := range doc.Versions {
		if v, err := versions.ParseVersion(text); err == nil {
			out = append(out, v)
		}
	}
	return out, nil
}

func (n network) find(ctx context.Context, p addr.Provider, v versions.Version, on Platform) (*found, error) {
	var doc struct {
		Archives map[string]struct {
			URL    string   `json:"url"`
			Hashes []string `json:"hashes"`
		} `json:"archives"`
	}
	at, err := n.read(ctx, p, v.String()+".json", &doc)
	if err != nil {
		return nil, known(err)
	}
	a, ok := doc.Archives[on.String()]
	if !ok {
		return nil, nil
	}
	link, err := at.Parse(a.URL)
	if err != nil || a.URL == "" {
		return nil, fmt.Errorf("it gives the archive %q, which is no URL", a.URL)
	}
	out := &found{url: link.String(), accept: a.Hashes, proof: unauthenticated}
	if len(a.Hashes) > 0 {
		out.proof = "verified checksum"
	}
	return out, nil
}

// direct is each provider's own registry.
type direct struct{ client *registry.Client }

func (direct) String() string { return "its registry" }

func (d direct) versions(ctx context.Context, p addr.Provider) ([]versions.Version, error) {
	found, err := d.client.ProviderVersions(ctx, p)
	return found, known(err)
}

func (d direct) find(ctx context.Context, p addr.Provider, v versions.Version, on Platform) (*found, error) {
	at, err := d.client.ProviderPackage(ctx, p, v, on.OS, on.Arch)
	if err != nil {
		return nil, known(err)
	}
	return &found{url: at.URL, accept: []string{at.Sum}, signed: at.Hashes, proof: "signed, key ID " + at.Key}, nil
}

// known makes a thing that is not there no error.
func known(err error) error {
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	return err
}

// unauthenticated is the proof of packages that nobody vouches for.
const unauthenticated = "unauthenticated"

// download reads an archive into a new file, which the caller removes.
func download(ctx context.Context, client *registry.Client, at string) (file string, err error) {
	r, _, err := client.Open(ctx, at)
	if err != nil {
		return "", err
	}
	defer r.Close()
	f, err := os.CreateTemp("", "tfserverless-provider-*.zip")
	if err != nil {
		return "", err
	}
	n, err := io.Copy(f, io.LimitReader(r, downloadLimit+1))
	if err == nil && n > downloadLimit {
		err = fmt.Errorf("%s is larger than %d bytes", at, int64(downloadLimit))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// downloadLimit is the size in bytes of the largest archive that is read.
const downloadLimit = 2 << 30
