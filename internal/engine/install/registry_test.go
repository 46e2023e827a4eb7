package install_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install"
)

// testRegistry is a registry of providers over TLS, and a mirror of them under
// /mirror/. Its fields are what tests break.
type testRegistry struct {
	*httptest.Server
	t *testing.T

	protocols map[string][]string // by version
	archives  map[string][]byte   // by version: what is in them
	served    map[string][]byte   // by version: what is served instead
	sums      func(text string) string
	signature func(by []byte) []byte
	entity    *openpgp.Entity
	keys      []*openpgp.Entity // that it gives; nil: the one that signs
	token     string            // that it wants
	broken    int               // so many requests are answered with 500

	mu   sync.Mutex
	seen []string // paths, with their tokens
}

func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Someone", "", "someone@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newRegistry(t *testing.T) *testRegistry {
	t.Helper()
	r := &testRegistry{t: t, protocols: map[string][]string{}, archives: map[string][]byte{}, served: map[string][]byte{}, entity: newKey(t)}
	r.Server = httptest.NewTLSServer(r)
	t.Cleanup(r.Close)
	return r
}

// host is how addresses name the registry.
func (r *testRegistry) host() string { return strings.TrimPrefix(r.URL, "https://") }

// add offers a version of the provider test/thing.
func (r *testRegistry) add(version, content string, protocols ...string) {
	r.protocols[version] = protocols
	r.archives[version] = pack(r.t, "terraform-provider-thing_v"+version, content)
}

// pack is a zip archive of one program.
func pack(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sum(raw []byte) string {
	s := sha256.Sum256(raw)
	return hex.EncodeToString(s[:])
}

func (r *testRegistry) file(version string) string {
	return fmt.Sprintf("terraform-provider-thing_%s_%s.zip", version, install.Here)
}

// sumsOf is the signed document: this platform's archive and another's.
func (r *testRegistry) sumsOf(version string) string {
	text := fmt.Sprintf("%s  %s\n%s  terraform-provider-thing_%s_plan9_mips.zip\n",
		sum(r.archives[version]), r.file(version), sum([]byte(version)), version)
	if r.sums != nil {
		text = r.sums(text)
	}
	return text
}

func (r *testRegistry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, strings.TrimSpace(req.URL.Path+" "+req.Header.Get("Authorization")))
	broken := r.broken > 0
	r.broken--
	r.mu.Unlock()
	answer := func(v any) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(v)
	}
	version := ""
	if parts := strings.Split(req.URL.Path, "/"); len(parts) > 4 {
		version = parts[4]
	}
	switch p := req.URL.Path; {
	case broken:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case p == "/.well-known/terraform.json":
		answer(map[string]any{"providers.v1": "/p/"})
	case r.token != "" && strings.HasPrefix(p, "/p/") && req.Header.Get("Authorization") != "Bearer "+r.token:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case p == "/p/test/thing/versions":
		var list []any
		for v, protocols := range r.protocols {
			list = append(list, map[string]any{"version": v, "protocols": protocols})
		}
		answer(map[string]any{"versions": list})
	case strings.HasPrefix(p, "/p/test/thing/") && r.archives[version] != nil:
		answer(map[string]any{
			"protocols": r.protocols[version], "filename": r.file(version), "shasum": sum(r.archives[version]),
			"download_url": "/files/a/b/" + version + "/zip", "shasums_url": "/files/a/b/" + version + "/sums", "shasums_signature_url": "/files/a/b/" + version + "/sig",
			"signing_keys": map[string]any{"gpg_public_keys": r.publicKeys()},
		})
	case path.Base(p) == "zip" && r.served[version] != nil:
		_, _ = w.Write(r.served[version])
	case path.Base(p) == "zip":
		_, _ = w.Write(r.archives[version])
	case path.Base(p) == "sums":
		_, _ = w.Write([]byte(r.sumsOf(version)))
	case path.Base(p) == "sig":
		var b bytes.Buffer
		if err := openpgp.DetachSign(&b, r.entity, strings.NewReader(r.sumsOf(version)), nil); err != nil {
			r.t.Error(err)
		}
		raw := b.Bytes()
		if r.signature != nil {
			raw = r.signature(raw)
		}
		_, _ = w.Write(raw)
	case strings.HasSuffix(p, "/index.json") && strings.HasPrefix(p, "/mirror/"):
		all := map[string]any{}
		for v := range r.archives {
			all[v] = struct{}{}
		}
		answer(map[string]any{"versions": all})
	case strings.HasSuffix(p, ".json") && strings.HasPrefix(p, "/mirror/") && r.archives[strings.TrimSuffix(path.Base(p), ".json")] != nil:
		v := strings.TrimSuffix(path.Base(p), ".json")
		answer(map[string]any{"archives": map[string]any{install.Here.String(): map[string]any{
			"url": "/files/a/b/" + v + "/zip", "hashes": []string{"zh:" + sum(r.archives[v])},
		}}})
	default:
		http.NotFound(w, req)
	}
}

func (r *testRegistry) publicKeys() []any {
	keys := r.keys
	if keys == nil {
		keys = []*openpgp.Entity{r.entity}
	}
	var out []any
	for _, k := range keys {
		var b bytes.Buffer
		w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
		if err == nil {
			err = k.Serialize(w)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			r.t.Error(err)
		}
		out = append(out, map[string]any{"key_id": k.PrimaryKey.KeyIdString(), "ascii_armor": b.String()})
	}
	return out
}
