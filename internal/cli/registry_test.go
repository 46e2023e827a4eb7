package cli

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/google/go-cmp/cmp"
)

// calledModule is a module that needs a provider of the registry at a host.
const calledModule = `terraform {
  required_providers {
    null = {
      source  = "%s/test/null"
      version = ">= 0.9"
    }
  }
}
resource "null_resource" "inside" {}
`

// registryOf is a registry over TLS that offers the real provider null, and a
// module that uses it. It returns its host, and the variable by which programs
// trust its certificate.
func registryOf(t *testing.T) (host, trust string) {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(builtProviders, "terraform-provider-null"))
	if err != nil {
		t.Skip("terraform-provider-null is not built: make providers")
	}
	pack := func(files map[string][]byte) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, content := range files {
			h := &zip.FileHeader{Name: name} // stored: compressing takes longer than the test
			h.SetMode(0o755)
			w, err := z.CreateHeader(h)
			if err == nil {
				_, err = w.Write(content)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	archive := pack(map[string][]byte{"terraform-provider-null_v1.0.0": program})
	key, err := openpgp.NewEntity("Someone", "", "someone@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var public, signature bytes.Buffer
	w, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	if err == nil {
		err = key.Serialize(w)
	}
	if err == nil {
		err = w.Close()
	}
	sums := fmt.Sprintf("%x  null.zip\n%x  other.zip\n", sha256.Sum256(archive), sha256.Sum256(nil))
	if err == nil {
		err = openpgp.DetachSign(&signature, key, strings.NewReader(sums), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	var s *httptest.Server
	s = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := func(v any) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		}
		base, os, arch := s.URL+"/files/", runtime.GOOS, runtime.GOARCH
		switch r.URL.Path {
		case "/.well-known/terraform.json":
			answer(map[string]any{"providers.v1": "/p/", "modules.v1": "/m/"})
		case "/p/test/null/versions":
			answer(map[string]any{"versions": []any{map[string]any{"version": "1.0.0", "protocols": []string{"5.0"}, "platforms": []any{map[string]any{"os": os, "arch": arch}}}}})
		case "/p/test/null/1.0.0/download/" + os + "/" + arch:
			answer(map[string]any{
				"protocols": []string{"5.0"}, "os": os, "arch": arch, "filename": "null.zip", "shasum": fmt.Sprintf("%x", sha256.Sum256(archive)),
				"download_url": base + "null.zip", "shasums_url": base + "sums", "shasums_signature_url": base + "sig",
				"signing_keys": map[string]any{"gpg_public_keys": []any{map[string]any{"key_id": key.PrimaryKey.KeyIdString(), "ascii_armor": public.String()}}},
			})
		case "/m/test/thing/null/versions":
			answer(map[string]any{"modules": []any{map[string]any{"versions": []any{map[string]any{"version": "1.2.3"}}}}})
		case "/m/test/thing/null/1.2.3/download":
			w.Header().Set("X-Terraform-Get", "/files/module.zip")
			w.WriteHeader(http.StatusNoContent)
		case "/files/null.zip":
			_, _ = w.Write(archive)
		case "/files/module.zip":
			_, _ = w.Write(pack(map[string][]byte{"sub/main.tf": fmt.Appendf(nil, calledModule, r.Host)}))
		case "/files/sums":
			_, _ = w.Write([]byte(sums))
		case "/files/sig":
			_, _ = w.Write(signature.Bytes())
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	cert := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(s.URL, "https://"), "SSL_CERT_FILE=" + cert
}

// TestRegistries has this program and terraform install from one registry: what
// they keep of it is the same, and each works with what the other installed.
func TestRegistries(t *testing.T) {
	t.Parallel()
	host, trust := registryOf(t)
	config := fmt.Sprintf(`
		terraform {
			required_providers {
				null = {
					source  = "%[1]s/test/null"
					version = "~> 1.0, != 1.1"
				}
			}
		}
		module "near" { source = "./near" }
		module "far" {
			source  = "%[1]s/test/thing/null//sub"
			version = ">= 1.0"
		}
		resource "null_resource" "a" {}`, host)
	begin := func(s session) session {
		s.write("main.tf", config)
		if err := os.Mkdir(filepath.Join(s.dir, "near"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.write("near/main.tf", "")
		return s
	}
	ours := begin(newSession(t, trust, "TF_CLI_CONFIG_FILE="+os.DevNull))
	got := ours.run(0, "init")
	for _, want := range []string{
		fmt.Sprintf("Downloading %s/test/thing/null 1.2.3 for far...", host), "- far in .terraform/modules/far/sub", "- near in near",
		fmt.Sprintf(`- Finding %s/test/null versions matching ">= 0.9.0, ~> 1.0, != 1.1.0"...`, host),
		fmt.Sprintf("- Installed %s/test/null v1.0.0 (signed, key ID ", host),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if strings.Contains(got, "Incomplete lock file") {
		t.Errorf("got %s", got)
	}
	ours.run(0, "apply", "-auto-approve")
	ours.run(0, "plan", "-detailed-exitcode")
	tree := ours.run(0, "providers")

	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not on PATH: nothing is compared")
	}
	theirs := begin(newSession(t, trust, "TF_CLI_CONFIG_FILE="+os.DevNull))
	theirs.program = path
	theirs.run(0, "init")
	for _, file := range []string{".terraform.lock.hcl", ".terraform/modules/modules.json"} {
		if got, want := ours.read(file), theirs.read(file); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
		}
	}
	swapped := ours
	swapped.program = path
	swapped.run(0, "plan", "-detailed-exitcode")
	if d := cmp.Diff(leaves(swapped.run(0, "providers")), leaves(tree)); d != "" {
		t.Errorf("providers:\n%s", d)
	}
	swapped = theirs
	swapped.program = ours.program
	swapped.run(0, "apply", "-auto-approve")
	again := swapped.run(0, "init")
	if !strings.Contains(again, "Using previously-installed") || strings.Contains(again, "Downloading") {
		t.Errorf("got %s", again)
	}
}

// leaves are the lines of a tree in one order: terraform prints modules in any.
func leaves(tree string) []string {
	var out []string
	for line := range strings.Lines(tree) {
		out = append(out, strings.TrimLeft(line, "├└─│\u00a0 "))
	}
	slices.Sort(out)
	return out
}
