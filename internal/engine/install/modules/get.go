package modules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/archive"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/bucket"
)

// webHops is how many times a page may send us on to another source.
const webHops = 5

// archiveLimit is the size in bytes of the largest archive that is read.
const archiveLimit = 512 << 20

// get fetches one package into dir, which does not exist.
func (i *Installer) get(s source, dir string, hops int) error {
	switch s.kind {
	case fromGit:
		return i.git(s, dir)
	case fromWeb:
		return i.web(s, dir, hops)
	case fromBucket:
		return i.bucket(s, dir)
	case fromFolder:
		if at, err := os.Stat(s.url); err != nil {
			return err
		} else if !at.IsDir() {
			return fmt.Errorf("%s is no folder", s.url)
		}
		return os.CopyFS(dir, os.DirFS(s.url))
	}
	return errors.New("a registry cannot be fetched")
}

// ofRepository are the variables that git gives to hooks, which would make it work
// on their repository.
var ofRepository = regexp.MustCompile(`^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|SHALLOW_FILE)=`)

// git clones a repository. The program is called with an argument list; it can
// neither ask for passwords nor use transports that run other programs.
func (i *Installer) git(s source, dir string) error {
	program, err := exec.LookPath("git")
	if err != nil {
		return errors.New("the program git is needed, and is not on PATH")
	}
	protocols := "https:http:ssh:git:file"
	run := func(args ...string) error {
		cmd := exec.CommandContext(i.ctx, program, args...)
		env := slices.DeleteFunc(os.Environ(), func(v string) bool { return ofRepository.MatchString(v) })
		cmd.Env = append(env, "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL="+protocols, "LC_ALL=C")
		out, err := cmd.CombinedOutput()
		if i.ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, clean(string(out), s.url))
		}
		return nil
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return err
	}
	clone := []string{"clone", "--quiet"}
	if s.depth > 0 {
		clone = append(clone, "--depth", strconv.Itoa(s.depth))
		if s.ref != "" {
			clone = append(clone, "--branch", s.ref)
		}
	}
	if err := run(append(clone, "--", s.url, dir)...); err != nil {
		return err
	}
	if s.ref != "" && s.depth == 0 {
		if err := run("-C", dir, "checkout", "--quiet", s.ref, "--"); err != nil {
			return fmt.Errorf("the repository has no branch, tag or commit %q: %w", s.ref, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".gitmodules")); err == nil {
		if !strings.HasPrefix(s.url, "file:") {
			protocols = "https:http:ssh:git" // a repository elsewhere must not name one on this machine
		}
		return run("-C", dir, "submodule", "--quiet", "update", "--init", "--recursive")
	}
	return nil
}

// clean is what git wrote, without the password of the URL.
func clean(out, at string) string {
	if u, err := url.Parse(at); err == nil {
		if password, ok := u.User.Password(); ok && password != "" {
			out = strings.ReplaceAll(out, password, "xxxxx")
		}
	}
	return strings.TrimSpace(out)
}

// web fetches an archive, or the page that says where the module is.
func (i *Installer) web(s source, dir string, hops int) error {
	at, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	format, err := s.archiveAt(at.Path)
	if err != nil {
		return err
	}
	if format == "" {
		return i.page(s, at, dir, hops)
	}
	body, _, err := i.Client.Open(i.ctx, s.url)
	if err != nil {
		return err
	}
	defer body.Close()
	return unpack(body, format, dir)
}

// bucket fetches an archive from a bucket, or all objects below a name.
func (i *Installer) bucket(s source, dir string) error {
	u, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	at, err := bucket.Parse(u)
	if err != nil {
		return err
	}
	format, err := s.archiveAt(at.Key)
	if err != nil {
		return err
	}
	if format == "" {
		return at.Copy(i.ctx, dir, archiveLimit)
	}
	body, err := at.Open(i.ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	return unpack(body, format, dir)
}

// archiveAt is the format of the archive of that path; empty if it is none.
func (s source) archiveAt(path string) (string, error) {
	switch {
	case s.format != "":
		return s.format, nil
	case strings.HasSuffix(path, ".zip"):
		return "zip", nil
	case strings.HasSuffix(path, ".tar.gz"), strings.HasSuffix(path, ".tgz"):
		return "tar.gz", nil
	case strings.HasSuffix(path, ".tar.bz2"), strings.HasSuffix(path, ".tbz2"), strings.HasSuffix(path, ".tar.xz"), strings.HasSuffix(path, ".txz"), strings.HasSuffix(path, ".tar.zst"):
		return "", fmt.Errorf("archives such as %s cannot be unpacked: there are zip and tar.gz", path)
	}
	return "", nil
}

// unpack writes what is in an archive into dir.
func unpack(body io.Reader, format, dir string) error {
	if format == "tar.gz" {
		return archive.Untar(io.LimitReader(body, archiveLimit), dir, archive.Roomy)
	}
	f, err := os.CreateTemp("", "tfserverless-module-*.zip")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, io.LimitReader(body, archiveLimit))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return archive.Unzip(f.Name(), dir, archive.Roomy)
}

var meta = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)<meta\s+name=["']?terraform-get["']?\s+content=["']([^"']+)["']`)
})

// page asks a URL that names no archive where the module is.
func (i *Installer) page(s source, at *url.URL, dir string, hops int) error {
	if hops == 0 {
		return errors.New("it is only sent on from page to page")
	}
	ask := *at
	q := ask.Query()
	q.Set("terraform-get", "1")
	ask.RawQuery = q.Encode()
	body, header, err := i.Client.Open(i.ctx, ask.String())
	if err != nil {
		return err
	}
	defer body.Close()
	to := header.Get("X-Terraform-Get")
	if to == "" {
		text, err := io.ReadAll(io.LimitReader(body, 1<<20))
		if err != nil {
			return err
		}
		if m := meta().FindSubmatch(text); m != nil {
			to = string(bytes.TrimSpace(m[1]))
		}
	}
	if to == "" {
		return fmt.Errorf("%s is no archive, and does not say where the module is: it has neither a header X-Terraform-Get nor a meta element terraform-get", at.Redacted())
	}
	if strings.HasPrefix(to, "/") || strings.HasPrefix(to, "./") || strings.HasPrefix(to, "../") {
		if next, err := at.Parse(to); err == nil {
			to = next.String()
		}
	}
	next, err := sentOn(to)
	if err != nil {
		return fmt.Errorf("%s sends on to %q, which cannot be used: %w", at.Redacted(), to, err)
	}
	if next.sub == "" {
		return i.get(next, dir, hops-1)
	}
	whole := dir + ".package"
	defer os.RemoveAll(whole)
	sub := next.sub
	next.sub = ""
	if err := i.get(next, whole, hops-1); err != nil {
		return err
	}
	from, err := inside(whole, sub)
	if err != nil {
		return err
	}
	return os.CopyFS(dir, os.DirFS(from))
}
