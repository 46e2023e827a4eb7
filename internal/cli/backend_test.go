package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// A folder is a working directory in which commands are run.
type folder struct {
	t   *testing.T
	dir string
	env []string
}

func newFolder(t *testing.T, main string, env ...string) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), env: append(os.Environ(), append(env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "AWS_EC2_METADATA_DISABLED=true", "TF_CLI_CONFIG_FILE="+os.DevNull)...)}
	f.write("main.tf", main)
	return f
}

func (f *folder) write(name, content string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) try(program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = f.dir, f.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (f *folder) run(program string, args ...string) string {
	f.t.Helper()
	out, err := f.try(program, args...)
	if err != nil {
		f.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}

// refused runs a command that must fail, saying what.
func (f *folder) refused(says string, args ...string) {
	f.t.Helper()
	out, err := f.try(name, args...)
	if err == nil || !strings.Contains(strings.Join(strings.Fields(out), " "), says) {
		f.t.Errorf("%s: got %v\n%s\nwant an error with %q", strings.Join(args, " "), err, out, says)
	}
}

// peers are the other tools that are on PATH.
func peers() []string {
	var found []string
	for _, p := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(p); err == nil {
			found = append(found, path)
		} else if path, err := filepath.Abs(filepath.Join("..", "..", "bin", "tools", p)); err == nil {
			if _, err := os.Stat(path); err == nil {
				found = append(found, path)
			}
		}
	}
	return found
}

// bucket returns an emulator that takes any credentials, with a bucket "states" and
// a table "locks", and the environment by which tools reach it.
func bucket(t *testing.T) (url string, env []string) {
	t.Helper()
	e, err := emulator.New(emulator.Config{AnyCredentials: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if url, err = e.URL(); err != nil {
		t.Fatal(err)
	}
	call := func(method, path, service, target, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
		if target != "" {
			r.Header.Set("X-Amz-Target", target)
			r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if said, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", resp.Status, said)
		}
	}
	call(http.MethodPut, "/states", "s3", "", "")
	call(http.MethodPost, "/", "dynamodb", "DynamoDB_20120810.CreateTable",
		`{"TableName":"locks","KeySchema":[{"AttributeName":"LockID","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"LockID","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"}`)
	return url, []string{"AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=SECRET", "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=" + url, "AWS_ENDPOINT_URL_S3=" + url, "AWS_ENDPOINT_URL_DYNAMODB=" + url, "AWS_ENDPOINT_URL_STS=" + url}
}

const things = `
variable "n" { default = 2 }
resource "terraform_data" "one" {
  count = var.n
  input = "secret-${count.index}"
}
output "ids" { value = terraform_data.one[*].input }
`

func s3Block(more string) string {
	return `terraform {
  backend "s3" {
    bucket         = "states"
    key            = "app/terraform.tfstate"
    region         = "us-east-1"
    use_path_style = true
    encrypt        = true
    ` + more + `
  }
}
` + things
}

// TestS3Backend keeps a state in a bucket, and shares it with the other tools.
func TestS3Backend(t *testing.T) {
	t.Parallel()
	_, env := bucket(t)
	f := newFolder(t, s3Block("use_lockfile = true\n    dynamodb_table = \"locks\""), env...)
	f.refused(`The backend "s3" is not initialized`, "plan")
	f.run(name, "init")
	f.run(name, "apply", "-auto-approve")
	if _, err := os.Stat(filepath.Join(f.dir, "terraform.tfstate")); err == nil {
		t.Error("there is a local state")
	}
	if out := f.run(name, "state", "pull"); !strings.Contains(out, "secret-1") || !strings.Contains(out, `"serial": 1`) {
		t.Errorf("got %s", out)
	}
	for _, peer := range peers() {
		f.run(peer, "init", "-input=false")
		if out := f.run(peer, "plan", "-input=false"); !strings.Contains(out, "No changes") {
			t.Errorf("%s would change something:\n%s", peer, out)
		}
		f.run(peer, "apply", "-input=false", "-auto-approve", "-var=n=3")
		if out := f.run(name, "plan", "-var=n=3"); !strings.Contains(out, "No changes") {
			t.Errorf("after %s we would change something:\n%s", peer, out)
		}
		f.run(name, "apply", "-auto-approve", "-var=n=2")
	}
	f.run(name, "workspace", "new", "other")
	f.run(name, "apply", "-auto-approve")
	if out := f.run(name, "workspace", "list"); !strings.Contains(out, "* other") || !strings.Contains(out, "default") {
		t.Errorf("got %s", out)
	}
	f.run(name, "destroy", "-auto-approve")
	f.run(name, "workspace", "select", "default")
	f.run(name, "workspace", "delete", "other")
	if out := f.run(name, "workspace", "list"); strings.Contains(out, "other") {
		t.Errorf("got %s", out)
	}

	// What another place would be is not used before init says so.
	f.write("main.tf", strings.ReplaceAll(s3Block("use_lockfile = true"), "app/", "app2/"))
	f.refused("The backend has changed", "plan")
	f.refused("The backend has changed", "init")
	f.refused("Nobody is here to agree", "init", "-migrate-state")
	f.run(name, "init", "-force-copy")
	if out := f.run(name, "plan"); !strings.Contains(out, "No changes") {
		t.Errorf("after the move:\n%s", out)
	}
	// And back into a file.
	f.write("main.tf", things)
	f.run(name, "init", "-force-copy")
	if out := f.run(name, "plan"); !strings.Contains(out, "No changes") {
		t.Errorf("after the move to a file:\n%s", out)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "terraform.tfstate")); err != nil {
		t.Error(err)
	}
}

// TestS3Lock holds the lock of a state in a bucket.
func TestS3Lock(t *testing.T) {
	t.Parallel()
	url, env := bucket(t)
	for _, more := range []string{"use_lockfile = true", "dynamodb_table = \"locks\""} {
		f := newFolder(t, s3Block(more)+"\n"+`resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch begun; while [ ! -e end ]; do sleep 0.01; done" }
}`, env...)
		f.run(name, "init", "-reconfigure")
		cmd := exec.Command(name, "apply", "-auto-approve")
		cmd.Dir, cmd.Env = f.dir, f.env
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitForFile(t, filepath.Join(f.dir, "begun"))
		f.refused("State is locked by another run", "plan")
		for _, peer := range peers() {
			f.run(peer, "init", "-input=false")
			if out, err := f.try(peer, "plan", "-input=false", "-lock-timeout=0s"); err == nil || !strings.Contains(out, "acquir") {
				t.Errorf("%s got the lock: %v\n%s", peer, err, out)
			}
		}
		// Killed, it leaves its lock, which is taken away by its id.
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		f.write("end", "")
		out, err := f.try(name, "plan")
		if err == nil {
			t.Fatalf("the lock of a killed run is gone:\n%s", out)
		}
		_, id, _ := strings.Cut(out, "ID:")
		id = strings.Fields(id)[0]
		f.refused("has another id", "force-unlock", "-force", "wrong")
		f.refused("Nobody is here to agree", "force-unlock", id)
		if out := f.run(name, "force-unlock", "-force", id); !strings.Contains(out, "does not run on this machine any more") {
			t.Errorf("got %s", out)
		}
		if out := f.run(name, "apply", "-auto-approve"); !strings.Contains(out, "An earlier run was cut off") {
			t.Errorf("the journal was not replayed:\n%s", out)
		}
		f.run(name, "destroy", "-auto-approve")
		_ = url
	}
}

// kept is an HTTP server that keeps a state.
type kept struct {
	mu    sync.Mutex
	raw   []byte
	lock  []byte
	fails int // so many requests fail first
}

func (k *kept) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != "me" || password != "pass" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if k.fails > 0 {
		k.fails--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch r.Method {
	case http.MethodGet:
		if k.raw == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(k.raw)
	case http.MethodPost:
		var h struct{ ID string }
		_ = json.Unmarshal(k.lock, &h)
		if h.ID != r.URL.Query().Get("ID") {
			w.WriteHeader(http.StatusConflict)
			return
		}
		k.raw = body
	case "LOCK":
		if k.lock != nil {
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(k.lock)
			return
		}
		k.lock = body
	case "UNLOCK":
		k.lock = nil
	}
}

func TestHTTPBackend(t *testing.T) {
	t.Parallel()
	k := &kept{}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	block := `terraform {
  backend "http" {
    address        = "` + server.URL + `/state"
    lock_address   = "` + server.URL + `/lock"
    unlock_address = "` + server.URL + `/lock"
    username       = "me"
    retry_wait_min = 0
  }
}
` + things
	f := newFolder(t, block, "TF_HTTP_PASSWORD=pass")
	f.run(name, "init")
	k.fails = 2
	f.run(name, "apply", "-auto-approve")
	if k.lock != nil || !strings.Contains(string(k.raw), "secret-1") {
		t.Errorf("locked by %s, holding %s", k.lock, k.raw)
	}
	for _, peer := range peers() {
		f.run(peer, "init", "-input=false")
		if out := f.run(peer, "plan", "-input=false"); !strings.Contains(out, "No changes") {
			t.Errorf("%s would change something:\n%s", peer, out)
		}
	}
	k.lock = []byte(`{"ID":"abc","Who":"somebody@elsewhere","Operation":"OperationTypeApply"}`)
	f.refused("State is locked by another run", "apply", "-auto-approve", "-var=n=3")
	f.run(name, "force-unlock", "-force", "abc")
	f.refused(`has one workspace`, "workspace", "new", "x")

	// The server fails for good during the apply: nothing is lost.
	f.write("main.tf", strings.Replace(block, "things", "", 1)+`resource "terraform_data" "last" {
  depends_on = [terraform_data.one]
  provisioner "local-exec" { command = "touch begun; while [ ! -e end ]; do sleep 0.01; done" }
}`)
	cmd := exec.Command(name, "apply", "-auto-approve")
	cmd.Dir, cmd.Env = f.dir, f.env
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForFile(t, filepath.Join(f.dir, "begun"))
	k.mu.Lock()
	k.fails = 1000
	k.mu.Unlock()
	f.write("end", "")
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), "errored.tfstate") {
		t.Errorf("got %v\n%s", err, said.String())
	}
	k.mu.Lock()
	k.fails, k.lock = 0, nil
	k.mu.Unlock()
	f.run(name, "state", "push", "errored.tfstate")
	if out := f.run(name, "plan"); !strings.Contains(out, "No changes") {
		t.Errorf("after the push:\n%s", out)
	}
}

// TestStatePush stores states of other histories and serials.
func TestStatePush(t *testing.T) {
	t.Parallel()
	f := newFolder(t, things)
	f.run(name, "apply", "-auto-approve")
	old := f.run(name, "state", "pull")
	f.write("old", old)
	f.run(name, "apply", "-auto-approve", "-var=n=1")
	f.refused("It is older", "state", "push", "old")
	f.write("other", strings.Replace(old, `"lineage": "`, `"lineage": "x`, 1))
	f.refused("They were created independently", "state", "push", "other")
	f.run(name, "state", "push", "-force", "old")
	if out := f.run(name, "plan"); !strings.Contains(out, "No changes") {
		t.Errorf("after the push:\n%s", out)
	}
	f.refused("is not valid JSON", "state", "push", "main.tf")
	f.run(name, "state", "replace-provider", "-auto-approve", "terraform.io/builtin/terraform", "registry.terraform.io/acme/other")
	if out := f.run(name, "state", "pull"); !strings.Contains(out, "registry.terraform.io/acme/other") {
		t.Errorf("got %s", out)
	}
}

// TestEncryption keeps a state encrypted, and shares it with OpenTofu.
func TestEncryption(t *testing.T) {
	t.Parallel()
	const block = `
variable "passphrase" {
  default   = "correct horse battery staple"
  sensitive = true
}
terraform {
  encryption {
    key_provider "pbkdf2" "main" {
      passphrase = var.passphrase
      iterations = 200000
    }
    method "aes_gcm" "main" { keys = key_provider.pbkdf2.main }
    method "unencrypted" "old" {}
    state {
      method = method.aes_gcm.main
      %s
    }
    plan { method = method.aes_gcm.main }
  }
}
`
	f := newFolder(t, things)
	f.run(name, "apply", "-auto-approve")
	f.write("encryption.tf", strings.Replace(block, "%s", "", 1))
	f.refused("it is not encrypted", "plan")
	f.write("encryption.tf", strings.Replace(block, "%s", "fallback { method = method.unencrypted.old }", 1))
	f.run(name, "apply", "-auto-approve", "-var=n=3")
	secret := func(file string) {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(f.dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "secret") || !strings.Contains(string(raw), "encrypted_data") {
			t.Errorf("%s is readable: %s", file, raw)
		}
	}
	secret("terraform.tfstate")
	f.write("encryption.tf", strings.Replace(block, "%s", "enforced = true", 1))
	if out := f.run(name, "plan", "-var=n=3", "-out=kept"); !strings.Contains(out, "No changes") {
		t.Errorf("got %s", out)
	}
	secret("kept")
	f.run(name, "apply", "kept")
	f.run(name, "show", "kept")
	for _, peer := range peers() {
		if !strings.HasSuffix(peer, "tofu") {
			continue
		}
		f.run(peer, "init", "-input=false")
		if out := f.run(peer, "plan", "-input=false", "-var=n=3"); !strings.Contains(out, "No changes") {
			t.Errorf("%s would change something:\n%s", peer, out)
		}
		f.run(peer, "apply", "-input=false", "-auto-approve", "-var=n=4")
		secret("terraform.tfstate")
		if out := f.run(name, "plan", "-var=n=4"); !strings.Contains(out, "No changes") {
			t.Errorf("after %s we would change something:\n%s", peer, out)
		}
	}
	f.refused("the passphrase is not the one", "plan", "-var=passphrase=another passphrase altogether")
	f.write("encryption.tf", "")
	f.refused("it is encrypted", "plan")
	f.env = append(f.env, `TF_ENCRYPTION=key_provider "pbkdf2" "main" { passphrase = "correct horse battery staple" }
method "aes_gcm" "main" { keys = key_provider.pbkdf2.main }
state { method = method.aes_gcm.main }`)
	f.run(name, "state", "list")
	f.write("encryption.tf", `terraform {
  encryption {
    key_provider "aws_kms" "k" { kms_key_id = "x" }
  }
}`)
	f.refused(`The key provider is not supported`, "plan")
}

func waitForFile(t *testing.T, path string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Minute); ; {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("waited in vain for " + path)
		}
	}
}
