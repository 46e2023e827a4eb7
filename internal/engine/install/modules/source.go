package modules

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/bucket"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
)

// source is the address of a module's package, and of the module in it.
type source struct {
	kind     kind
	registry registry.Module // for fromRegistry
	url      string          // of the package, without what follows; a path for fromFolder
	ref      string          // for fromGit: a branch, tag or commit
	depth    int             // for fromGit: how many commits; 0: all
	format   string          // for fromWeb and fromBucket: "zip" or "tar.gz" if the URL says so otherwise than by its end
	sub      string          // folder in the package, with slashes; may be a pattern of one folder
}

// kind is where a package comes from.
type kind byte

const (
	fromRegistry kind = iota
	fromGit
	fromWeb
	fromBucket
	fromFolder
)

// String is the address in the form that modules.json has.
func (s source) String() string {
	sub := ""
	if s.sub != "" {
		sub = "//" + s.sub
	}
	switch s.kind {
	case fromRegistry:
		return s.registry.String() + sub
	case fromGit:
		query := url.Values{}
		if s.ref != "" {
			query.Set("ref", s.ref)
		}
		if s.depth > 0 {
			query.Set("depth", strconv.Itoa(s.depth))
		}
		return "git::" + s.url + sub + encoded(query)
	case fromWeb, fromBucket:
		query := url.Values{}
		if s.format != "" {
			query.Set("archive", s.format)
		}
		base, own, _ := strings.Cut(s.url, "?")
		if s.kind == fromBucket {
			base = "s3::" + base
		}
		if own != "" {
			return base + sub + "?" + own + strings.Replace(encoded(query), "?", "&", 1)
		}
		return base + sub + encoded(query)
	}
	return s.url + sub
}

func encoded(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// safe is the address without passwords, for messages.
func (s source) safe() string {
	text := s.String()
	if at, err := url.Parse(s.url); err == nil && at.User != nil {
		text = strings.Replace(text, at.User.String()+"@", at.Redacted()[len(at.Scheme)+3:strings.Index(at.Redacted(), "@")]+"@", 1)
	}
	return text
}

// refusedKinds are those of Terraform that cannot be fetched.
var refusedKinds = map[string]string{
	"gcs": "a Google Cloud Storage bucket", "hg": "a Mercurial repository", "oci": "an OCI repository",
}

var partText = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z_-]*[0-9A-Za-z])?$`)

// isPart tells whether a text can be a part of a module's address in a registry.
func isPart(text string) bool { return len(text) <= 64 && partText.MatchString(text) }

// parse reads the source of a call, which is no local path.
func parse(text string) (source, error) {
	if strings.TrimSpace(text) != text || text == "" {
		return source{}, errors.New("it is empty, or has spaces around it")
	}
	if s, ok := parseRegistry(text); ok {
		return s, nil
	}
	if strings.HasPrefix(text, "oci:") {
		text = "oci::" + text
	}
	forced, rest := "", text
	if before, after, ok := strings.Cut(text, "::"); ok && isPart(before) {
		forced, rest = before, after
	}
	if what, ok := refusedKinds[forced]; ok {
		return source{}, fmt.Errorf("modules in %s cannot be fetched: keep the module in a registry, a Git repository, a bucket of Amazon S3, an archive on the web, or a local folder", what)
	}
	if host, _, _ := strings.Cut(rest, "/"); forced == "" && strings.HasSuffix(host, ".amazonaws.com") {
		forced, rest = "s3", "https://"+rest
	}
	if forced != "" && forced != "git" && forced != "s3" && forced != "http" && forced != "https" && forced != "file" {
		return source{}, fmt.Errorf("%q is no known way to fetch a module: there are git::, s3::, https:// and registries", forced+"::")
	}
	return parseURL(forced, rest)
}

// parseRegistry reads [HOST/]NAMESPACE/NAME/PROVIDER[//SUB].
func parseRegistry(text string) (source, bool) {
	base, sub, _ := strings.Cut(text, "//")
	parts := strings.Split(base, "/")
	host := addr.DefaultHost
	if len(parts) == 4 {
		host = strings.ToLower(parts[0])
		name, _, _ := strings.Cut(host, ":")
		if !strings.Contains(name, ".") && name != "localhost" || name == "github.com" || name == "bitbucket.org" || name == "gitlab.com" {
			return source{}, false
		}
		parts = parts[1:]
	}
	if len(parts) != 3 || strings.Contains(sub, "?") {
		return source{}, false
	}
	for _, p := range parts {
		if !isPart(p) {
			return source{}, false
		}
	}
	s := source{kind: fromRegistry, registry: registry.Module{Host: host, Namespace: parts[0], Name: parts[1], Provider: parts[2]}}
	var err error
	s.sub, err = subfolder(sub)
	return s, err == nil
}

// shorthand are hosts whose repositories are known without a scheme.
var shorthand = []string{"github.com/", "bitbucket.org/"}

var scp = regexp.MustCompile(`^([A-Za-z0-9_.-]+)@([A-Za-z0-9.-]+):([^/].*)$`)

func parseURL(forced, text string) (source, error) {
	for _, host := range shorthand {
		if rest, ok := strings.CutPrefix(text, host); ok && (forced == "" || forced == "git") {
			base, sub, query := pieces(rest)
			words := strings.Split(strings.TrimSuffix(base, "/"), "/")
			if len(words) < 2 {
				return source{}, fmt.Errorf("a repository is written %sOWNER/NAME", host)
			}
			if len(words) > 2 {
				sub = path.Join(append(words[2:], sub)...)
			}
			at := "https://" + host + words[0] + "/" + strings.TrimSuffix(words[1], ".git") + ".git"
			return finish("git", at, sub, query)
		}
	}
	if m := scp.FindStringSubmatch(text); m != nil && (forced == "" || forced == "git") {
		text, forced = "ssh://"+m[1]+"@"+m[2]+"/"+m[3], "git"
	}
	if strings.HasPrefix(text, "/") || filepath.IsAbs(text) {
		base, sub, _ := strings.Cut(text, "//")
		sub, err := subfolder(sub)
		return source{kind: fromFolder, url: filepath.Clean(base), sub: sub}, err
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return source{}, fmt.Errorf("it is neither a local path, which begins with ./ or ../, nor an address NAMESPACE/NAME/PROVIDER in a registry, nor a URL")
	}
	base, sub, query := pieces(rest)
	return finish(forced, scheme+"://"+base, sub, query)
}

// pieces takes what follows the scheme apart: the package, the folder behind a
// double slash, and the query.
func pieces(text string) (base, sub, query string) {
	text, query, _ = strings.Cut(text, "?")
	base, sub, _ = strings.Cut(text, "//")
	return base, sub, query
}

func finish(forced, at, sub, query string) (s source, err error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" && u.Scheme != "file" {
		return s, fmt.Errorf("it is no URL")
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return s, fmt.Errorf("its query is none: %w", err)
	}
	if s.sub, err = subfolder(sub); err != nil {
		return s, err
	}
	if forced == "s3" {
		return s, s.inBucket(u, q)
	}
	if forced == "git" || strings.HasSuffix(u.Path, ".git") || u.Scheme == "ssh" || u.Scheme == "git" {
		s.kind, s.url = fromGit, at
		switch u.Scheme {
		case "https", "http", "ssh", "git", "file":
		default:
			return s, fmt.Errorf("git cannot be asked to use %q here: there are https, http, ssh, git and file", u.Scheme)
		}
		return s, s.gitQuery(q)
	}
	switch u.Scheme {
	case "https", "http":
		s.kind = fromWeb
		if err := s.archive(q); err != nil {
			return s, err
		}
		if q.Has("checksum") {
			return s, errors.New("the argument checksum of the query is not supported")
		}
		s.url = at + encoded(q)
		return s, nil
	case "file":
		s.kind, s.url = fromFolder, filepath.FromSlash(u.Path)
		return s, nil
	}
	return s, fmt.Errorf("nothing can be fetched by the scheme %q", u.Scheme)
}

// archive takes the format of an archive out of a query.
func (s *source) archive(q url.Values) error {
	if s.format = q.Get("archive"); s.format == "tgz" {
		s.format = "tar.gz"
	}
	q.Del("archive")
	if s.format != "" && s.format != "zip" && s.format != "tar.gz" {
		return fmt.Errorf("archives of the kind %q cannot be unpacked: there are zip and tar.gz", s.format)
	}
	return nil
}

// inBucket makes s an object of S3, or all that is below a name.
func (s *source) inBucket(u *url.URL, q url.Values) error {
	if err := s.archive(q); err != nil {
		return err
	}
	u.RawQuery = q.Encode()
	s.kind, s.url = fromBucket, u.String()
	_, err := bucket.Parse(u)
	return err
}

func (s *source) gitQuery(q url.Values) error {
	for name := range q {
		switch name {
		case "ref":
			if s.ref = q.Get(name); strings.HasPrefix(s.ref, "-") {
				return fmt.Errorf("%q is no branch, tag or commit", s.ref)
			}
		case "depth":
			n, err := strconv.Atoi(q.Get(name))
			if err != nil || n < 1 {
				return fmt.Errorf("the depth %q is no number of commits", q.Get(name))
			}
			s.depth = n
		default:
			return fmt.Errorf("the argument %s of the query is not supported for Git repositories: there are ref and depth", name)
		}
	}
	return nil
}

func subfolder(sub string) (string, error) {
	if sub == "" {
		return "", nil
	}
	clean := path.Clean(sub)
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return "", fmt.Errorf("the folder %q would be outside of the package", sub)
	}
	return clean, nil
}
