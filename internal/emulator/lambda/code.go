package lambda

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

const (
	// maxUnzipped is the size of all files of a package, in bytes.
	maxUnzipped = 250 << 20
	// maxRequest is the size of a request that carries a package, in base64.
	maxRequest = 70167211
)

// codeStore keeps packages by the SHA-256 of their zip: DIR/HEX/package.zip as it
// came, and DIR/HEX/code with the files.
type codeStore struct{ dir string }

// packed is what is known of a stored package.
type packed struct {
	Sha256   string // in base64, as AWS writes it
	Size     int64  // of the zip, in bytes
	Unzipped int64  // of its files, in bytes
}

// digestOf is a package's SHA-256 in hexadecimal.
func digestOf(sha256 string) string {
	raw, _ := base64.StdEncoding.DecodeString(sha256)
	return hex.EncodeToString(raw)
}

// checkRequest returns AWS's error for a request with a package that is too large.
func checkRequest(operation string, zip []byte) error {
	if base64.StdEncoding.EncodedLen(len(zip)) <= maxRequest {
		return nil
	}
	return &smithy.GenericAPIError{
		Code:    "RequestEntityTooLargeException",
		Message: fmt.Sprintf("Request must be smaller than %d bytes for the %s operation", maxRequest, operation),
		Fault:   smithy.FaultClient,
	}
}

// put stores a package.
func (c codeStore) put(content []byte) (p packed, err error) {
	sum := sha256.Sum256(content)
	p.Sha256, p.Size = base64.StdEncoding.EncodeToString(sum[:]), int64(len(content))
	final := filepath.Join(c.dir, hex.EncodeToString(sum[:]))
	if _, err := os.Stat(final); err == nil {
		p.Unzipped, err = unzipped(content)
		return p, err
	}
	temp, err := os.MkdirTemp(c.dir, ".unpack-")
	if err != nil {
		return p, fmt.Errorf("storing a package: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	code := filepath.Join(temp, "code")
	if err := os.Mkdir(code, 0o755); err != nil {
		return p, fmt.Errorf("storing a package: %w", err)
	}
	if p.Unzipped, err = unpack(content, code); err != nil {
		return p, err
	}
	if err := os.WriteFile(filepath.Join(temp, "package.zip"), content, 0o600); err != nil {
		return p, fmt.Errorf("storing a package: %w", err)
	}
	if err := os.Chmod(temp, 0o755); err != nil { //nolint:gosec // functions run as another user
		return p, fmt.Errorf("storing a package: %w", err)
	}
	if err := os.Rename(temp, final); err != nil {
		if _, there := os.Stat(final); there == nil { // another request stored it meanwhile
			return p, nil
		}
		return p, fmt.Errorf("storing a package: %w", err)
	}
	return p, nil
}

// files is the folder of the extracted package.
func (c codeStore) files(digest string) string { return filepath.Join(c.dir, digest, "code") }

// prune makes the store's folder, and removes from it what no function uses. Beside
// the packages it puts a link to the cache of the AWS SDK for Node.js: ES modules
// find packages only in folders above them.
func (c codeStore) prune(used map[string]bool) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("making a folder for packages: %w", err)
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("reading the folder of packages: %w", err)
	}
	for _, e := range entries {
		if !used[e.Name()] {
			if err := os.RemoveAll(filepath.Join(c.dir, e.Name())); err != nil {
				return fmt.Errorf("removing a package that is not used: %w", err)
			}
		}
	}
	sdk, err := runtime.SDKDir("nodejs")
	if err != nil {
		return nil //nolint:nilerr // without a cache folder there is no SDK to find
	}
	if err := os.Symlink(filepath.Join(sdk, "node_modules"), filepath.Join(c.dir, "node_modules")); err != nil {
		return fmt.Errorf("linking to the AWS SDK: %w", err)
	}
	return nil
}

var (
	errNoZip   = invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	errTooBig  = invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
	errNoFiles = invalid("Uploaded file must be a non-empty zip")
)

// unzipped is the size of the files of a zip that unpack has extracted before.
func unzipped(content []byte) (n int64, err error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return 0, errNoZip
	}
	for _, f := range z.File {
		n += int64(f.UncompressedSize64) //nolint:gosec // as extracted, at most maxUnzipped
	}
	return n, nil
}

// unpack extracts a zip into dir and returns the size of its files. Nothing is
// written outside of dir, whatever the zip says, and no link leads there.
func unpack(content []byte, dir string) (int64, error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return 0, errNoZip
	}
	if len(z.File) == 0 {
		return 0, errNoFiles
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("storing a package: %w", err)
	}
	defer func() { _ = root.Close() }()
	left := int64(maxUnzipped)
	var links []string
	for _, f := range z.File {
		name := path.Clean(strings.TrimSuffix(f.Name, "/"))
		if !filepath.IsLocal(name) || strings.ContainsAny(f.Name, "\\\x00") {
			return 0, errNoZip
		}
		if f.Mode()&fs.ModeSymlink != 0 {
			links = append(links, name)
		}
		if err := extract(root, f, name, &left); err != nil {
			return 0, unzipError(err)
		}
	}
	for _, l := range links {
		if _, err := root.Stat(l); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, errNoZip // it leads out of the package, or in circles
		}
	}
	return maxUnzipped - left, nil
}

// unzipError is AWS's word for a zip that cannot be extracted. An error of this
// machine, such as a full disk, is not the zip's.
func unzipError(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return err
	}
	var op *fs.PathError
	ours := errors.As(err, &op) && !strings.Contains(op.Err.Error(), "escapes")
	for _, its := range []error{fs.ErrExist, syscall.EISDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR} {
		ours = ours && !errors.Is(err, its)
	}
	if ours {
		return fmt.Errorf("storing a package: %w", err)
	}
	return errNoZip
}

func extract(root *os.Root, f *zip.File, name string, left *int64) error {
	if f.FileInfo().IsDir() {
		return root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if f.Mode()&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return err
		}
		if path.IsAbs(string(target)) || !filepath.IsLocal(path.Join(path.Dir(name), string(target))) {
			return errNoZip
		}
		return root.Symlink(string(target), name)
	}
	if !f.Mode().IsRegular() {
		return errNoZip
	}
	if s, err := root.Lstat(name); err == nil && s.Mode().IsRegular() { // of two the last one counts
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	w, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, *left+1))
	if err != nil {
		return errors.Join(err, w.Close())
	}
	if *left -= n; *left < 0 {
		return errors.Join(errTooBig, w.Close())
	}
	mode := fs.FileMode(0o444)
	if f.Mode()&0o111 != 0 {
		mode = 0o555
	}
	return errors.Join(w.Chmod(mode), w.Close())
}

// codePath is where packages are served: below the path that the emulator keeps
// for itself.
const codePath = "/_aws/lambda/code/"

// location returns an address of a package. Like AWS's, it needs no
// signature: who knows it may read.
func (s *Service) location(digest string) (string, error) {
	base, err := s.env.URL()
	if err != nil {
		return "", err
	}
	return base + codePath + s.token + "/" + digest + ".zip", nil
}

// Code serves the packages at the addresses that GetFunction returns, all below
// /_aws/lambda/code/.
func (s *Service) Code() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET "+codePath+"{token}/{file}", func(w http.ResponseWriter, r *http.Request) {
		digest, ok := strings.CutSuffix(r.PathValue("file"), ".zip")
		if raw, err := hex.DecodeString(digest); !ok || err != nil || len(raw) != sha256.Size || r.PathValue("token") != s.token {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/zip")
		http.ServeFile(w, r, filepath.Join(s.code.dir, digest, "package.zip")) //nolint:gosec // hexadecimal digits, as checked
	})
	return m
}
