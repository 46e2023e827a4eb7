package awsapi

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// front is an emulator at an address, which notes what is sent to STS.
type front struct {
	*httptest.Server
	emulator *emulator.Emulator

	mu    sync.Mutex
	forms []url.Values
}

func newFront(t *testing.T, start func(http.Handler) *httptest.Server) *front {
	t.Helper()
	f := &front{emulator: emulated(t).Emulator}
	f.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if form, err := url.ParseQuery(string(body)); err == nil {
			f.mu.Lock()
			f.forms = append(f.forms, form)
			f.mu.Unlock()
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		f.emulator.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// asked returns what was asked of STS by that action.
func (f *front) asked(action string) []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []url.Values
	for _, form := range f.forms {
		if form.Get("Action") == action {
			all = append(all, form)
		}
	}
	return all
}

// keys are a configuration that calls f as its owner.
func (f *front) keys() Config {
	id, secret := f.emulator.Credentials()
	return Config{Endpoint: f.URL, Region: "eu-north-1", AccessKey: id, SecretKey: secret}
}

// role makes a role that a principal may assume, and returns its ARN.
func (f *front) role(t *testing.T, name, principal, action string, more ...string) string {
	t.Helper()
	c, err := backend(t, f.keys()).IAM(t.Context(), "eu-north-1")
	if err != nil {
		t.Fatal(err)
	}
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":%s,"Action":%s%s}]}`, principal, action, strings.Join(more, ""))
	out, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Role.Arn)
}

// caller is the ARN by which a configuration calls.
func caller(ctx context.Context, t *testing.T, c Config) string {
	t.Helper()
	client, err := backend(t, c).STS(ctx, "eu-north-1")
	if err != nil {
		return err.Error()
	}
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err.Error()
	}
	return aws.ToString(out.Arn)
}

// write writes a file of a test and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// nobody clears what the environment says about AWS.
func nobody(t *testing.T) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

const (
	owner = "arn:aws:iam::000000000000:root"
	anyOf = `{"AWS":"000000000000"}`
)

// TestCredentials calls the emulator's STS, over HTTP, with credentials from each of
// the places where the SDK finds them.
func TestCredentials(t *testing.T) {
	f := newFront(t, httptest.NewServer)
	id, secret := f.emulator.Credentials()
	none := Config{Endpoint: f.URL, Region: "eu-north-1"}
	ci := f.role(t, "ci", anyOf, `"sts:AssumeRole"`)
	asJSON := func(names ...string) string {
		b, _ := json.Marshal(map[string]any{names[0]: id, names[1]: secret, "Version": 1})
		return string(b)
	}
	answer := func(t *testing.T, paths map[string]string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, ok := paths[r.URL.Path]
			if !ok {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "600")
			_, _ = io.WriteString(w, text)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	profile := func(t *testing.T, text string) Config {
		c := none
		c.Profile, c.ConfigFiles = "p", []string{write(t, "config", "[profile p]\n"+text)}
		return c
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T) Config
		want string
	}{
		{"of the provider block", func(*testing.T) Config { return f.keys() }, owner},
		{"of the environment", func(t *testing.T) Config {
			t.Setenv("AWS_ACCESS_KEY_ID", id)
			t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
			return none
		}, owner},
		{"of a profile", func(t *testing.T) Config {
			c := none
			c.Profile, c.CredentialsFiles = "p", []string{write(t, "credentials", "[p]\naws_access_key_id = "+id+"\naws_secret_access_key = "+secret+"\n")}
			return c
		}, owner},
		{"of a profile with a role", func(t *testing.T) Config {
			c := profile(t, "role_arn = "+ci+"\nsource_profile = q\nrole_session_name = s1\n")
			c.CredentialsFiles = []string{write(t, "credentials", "[q]\naws_access_key_id = "+id+"\naws_secret_access_key = "+secret+"\n")}
			return c
		}, "arn:aws:sts::000000000000:assumed-role/ci/s1"},
		{"of a process", func(t *testing.T) Config {
			if _, err := exec.LookPath("cat"); err != nil {
				t.Skip("there is no program cat")
			}
			return profile(t, "credential_process = cat "+write(t, "keys", asJSON("AccessKeyId", "SecretAccessKey"))+"\n")
		}, owner},
		{"of a container", func(t *testing.T) Config {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", answer(t, map[string]string{"/keys": asJSON("AccessKeyId", "SecretAccessKey")})+"/keys")
			return none
		}, owner},
		{"of a machine", func(t *testing.T) Config {
			t.Setenv("AWS_EC2_METADATA_DISABLED", "")
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", answer(t, map[string]string{
				"/latest/api/token":                                    "t",
				"/latest/meta-data/iam/security-credentials/":          "r",
				"/latest/meta-data/iam/security-credentials/r":         `{"Code":"Success","Expiration":"2099-01-01T00:00:00Z","AccessKeyId":"` + id + `","SecretAccessKey":"` + secret + `"}`,
				"/latest/meta-data/iam/security-credentials-extended/": "",
			}))
			return none
		}, owner},
		{"of single sign-on", func(t *testing.T) Config {
			sum := sha1.Sum([]byte("corp"))
			cache := filepath.Join(os.Getenv("HOME"), ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
			if err := os.MkdirAll(filepath.Dir(cache), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(cache, []byte(`{"accessToken":"a","expiresAt":"2099-01-01T00:00:00Z"}`), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AWS_ENDPOINT_URL_SSO", answer(t, map[string]string{
				"/federation/credentials": `{"roleCredentials":{"accessKeyId":"` + id + `","secretAccessKey":"` + secret + `","expiration":4070908800000}}`,
			}))
			return profile(t, "sso_session = corp\nsso_account_id = 000000000000\nsso_role_name = r\n[sso-session corp]\nsso_region = eu-north-1\nsso_start_url = https://corp.example\n")
		}, owner},
		{"of roles, one by the other", func(t *testing.T) Config {
			c := f.keys()
			c.Roles = []Role{
				{ARN: ci, Session: "first"},
				{ARN: f.role(t, "deploy", `{"AWS":"`+ci+`"}`, `"sts:AssumeRole"`), Session: "second"},
			}
			return c
		}, "arn:aws:sts::000000000000:assumed-role/deploy/second"},
		{"of a role without a name for its session", func(*testing.T) Config {
			c := f.keys()
			c.Region, c.Roles = "", []Role{{ARN: ci}}
			return c
		}, "arn:aws:sts::000000000000:assumed-role/ci/terraform-provider-serverless"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nobody(t)
			if got := caller(t.Context(), t, c.make(t)); got != c.want {
				t.Errorf("called as %s, want %s", got, c.want)
			}
		})
	}
}

// TestAssumeRole: everything about a role that may be said reaches STS.
func TestAssumeRole(t *testing.T) {
	nobody(t)
	f := newFront(t, httptest.NewServer)
	c := f.keys()
	c.Roles = []Role{{
		ARN: f.role(t, "ci", anyOf, `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`,
			`,"Condition":{"StringEquals":{"sts:ExternalId":"e1","sts:SourceIdentity":"ann","aws:RequestTag/team":"shop"}}`),
		Session: "s1", Duration: 30 * time.Minute, ExternalID: "e1", SourceIdentity: "ann",
		Tags: map[string]string{"team": "shop", "app": "a"}, TransitiveTags: []string{"team"},
	}}
	if got, want := caller(t.Context(), t, c), "arn:aws:sts::000000000000:assumed-role/ci/s1"; got != want {
		t.Fatalf("called as %s, want %s", got, want)
	}
	form := f.asked("AssumeRole")[0]
	for name, want := range map[string]string{
		"DurationSeconds": "1800", "ExternalId": "e1", "SourceIdentity": "ann", "RoleSessionName": "s1",
		"Tags.member.1.Key": "app", "Tags.member.2.Key": "team", "Tags.member.2.Value": "shop", "TransitiveTagKeys.member.1": "team",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	c.Roles[0].ExternalID = "e2"
	if got := caller(t.Context(), t, c); !strings.Contains(got, "AccessDenied") || !strings.Contains(got, "role/ci") {
		t.Errorf("with another external id: %s", got)
	}
	c.Roles[0].ExternalID = "e1"
	c.Roles[0].Policy, c.Roles[0].PolicyARNs = `{"Version":"2012-10-17","Statement":[]}`, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	if got := caller(t.Context(), t, c); !strings.Contains(got, "Policy") { // the emulator enforces none, and says so
		t.Errorf("with a policy: %s", got)
	}
	forms := f.asked("AssumeRole")
	if last := forms[len(forms)-1]; last.Get("Policy") != c.Roles[0].Policy || last.Get("PolicyArns.member.1.arn") != c.Roles[0].PolicyARNs[0] {
		t.Errorf("the policies do not reach STS: %v", last)
	}
}

// issuer is an OpenID Connect issuer on this machine.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	mux := http.NewServeMux()
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.URL, i.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Use: "sig", Algorithm: "RS256"}}})
	})
	return i
}

// token is one for a subject, which ends after that time.
func (i *issuer) token(t *testing.T, subject string, after time.Duration) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.key, KeyID: "k1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := json.Marshal(map[string]any{"iss": i.URL, "sub": subject, "aud": "sts.amazonaws.com", "exp": time.Now().Add(after).Unix()})
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWebIdentity(t *testing.T) {
	f, i, stranger := newFront(t, httptest.NewServer), newIssuer(t), newIssuer(t)
	host := strings.TrimPrefix(i.URL, "http://")
	role := f.role(t, "ci", `{"Federated":"arn:aws:iam::000000000000:oidc-provider/`+host+`"}`, `"sts:AssumeRoleWithWebIdentity"`,
		`,"Condition":{"StringEquals":{"`+host+`:aud":"sts.amazonaws.com","`+host+`:sub":"repo:shop"}}`)
	forged := *i
	forged.key = stranger.key
	want := "arn:aws:sts::000000000000:assumed-role/ci/s1"
	for _, c := range []struct {
		name, token string
		file, env   bool
		want        string
	}{
		{"a token", i.token(t, "repo:shop", time.Hour), false, false, want},
		{"a file", i.token(t, "repo:shop", time.Hour), true, false, want},
		{"of the environment", i.token(t, "repo:shop", time.Hour), false, true, want},
		{"for another", i.token(t, "repo:other", time.Hour), false, false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"of another issuer", stranger.token(t, "repo:shop", time.Hour), false, false, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"forged", forged.token(t, "repo:shop", time.Hour), false, false, "InvalidIdentityToken"},
		{"old", i.token(t, "repo:shop", -time.Hour), false, false, "ExpiredToken"},
		{"no token", "none", false, false, "not a valid JWT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nobody(t)
			config := Config{Endpoint: f.URL, Region: "eu-north-1", Retry: Retry{Max: 1}}
			switch {
			case c.env:
				t.Setenv("AWS_ROLE_ARN", role)
				t.Setenv("AWS_ROLE_SESSION_NAME", "s1")
				t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write(t, "token", c.token))
			case c.file:
				config.WebIdentity = &Role{ARN: role, Session: "s1", TokenFile: write(t, "token", c.token)}
			default:
				config.WebIdentity = &Role{ARN: role, Session: "s1", Token: c.token}
			}
			got := caller(t.Context(), t, config)
			refused := strings.Contains(got, "operation error") && strings.Contains(got, c.want)
			if got != c.want && !refused {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if strings.Contains(got, c.token) && c.name != "no token" {
				t.Error("the token is in the message")
			}
		})
	}
}

// TestTransport reaches a server through a proxy, and one whose certificate only a
// file vouches for.
func TestTransport(t *testing.T) {
	nobody(t)
	f := newFront(t, httptest.NewServer)
	var through int
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through++
		r.Host, r.URL.Host = strings.TrimPrefix(f.URL, "http://"), ""
		f.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	c := f.keys()
	c.Proxy = Proxy{HTTP: proxy.URL}
	// Addresses of this machine are never called through a proxy, so the name is another's.
	c.Endpoint = "http://" + "aws.example"
	got := caller(t.Context(), t, c)
	if through == 0 {
		t.Errorf("the proxy saw nothing: %s", got)
	}
	c.Proxy.Except, c.Retry.Max = "aws.example", 1
	before := through
	if got := caller(canceled(t), t, c); through != before {
		t.Errorf("an excepted host was called through the proxy: %s", got)
	}

	safe := newFront(t, httptest.NewTLSServer)
	c = safe.keys()
	c.Retry.Max = 1
	if got := caller(t.Context(), t, c); !strings.Contains(got, "certificate") {
		t.Errorf("an unknown authority: %s", got)
	}
	c.CABundle = write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: safe.Certificate().Raw})))
	if got := caller(t.Context(), t, c); got != owner {
		t.Errorf("with its certificate: %s", got)
	}
	c.CABundle = "/nowhere/ca.pem"
	if got := caller(t.Context(), t, c); !strings.Contains(got, "ca_bundle") || !strings.Contains(got, "/nowhere/ca.pem") {
		t.Errorf("without the file: %s", got)
	}
}

// TestProxies: each kind of address has its proxy, said or of the environment.
func TestProxies(t *testing.T) {
	nobody(t)
	t.Setenv("HTTP_PROXY", "http://env.example:1")
	t.Setenv("HTTPS_PROXY", "http://env.example:2")
	t.Setenv("NO_PROXY", "free.example")
	for _, c := range []struct {
		proxy     Proxy
		url, want string
	}{
		{Proxy{HTTP: "http://p.example:3"}, "http://aws.example/", "http://p.example:3"},
		{Proxy{HTTP: "http://p.example:3"}, "https://aws.example/", "http://env.example:2"},
		{Proxy{HTTPS: "http://p.example:4"}, "https://aws.example/", "http://p.example:4"},
		{Proxy{HTTPS: "http://p.example:4"}, "http://aws.example/", "http://env.example:1"},
		{Proxy{HTTPS: "http://p.example:4"}, "https://free.example/", ""},
		{Proxy{Except: "aws.example"}, "https://aws.example/", ""},
		{Proxy{Except: "aws.example"}, "https://free.example/", "http://env.example:2"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
		got, err := c.proxy.client().GetTransport().Proxy(r)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if got != nil {
			text = got.String()
		}
		if text != c.want {
			t.Errorf("%+v: %s goes through %q, want %q", c.proxy, c.url, text, c.want)
		}
	}
}

// canceled is a context that ends at once: nothing is to be reached.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// hosts notes which host each call is for, and answers none.
type hosts struct{ last string }

func (h *hosts) Do(r *http.Request) (*http.Response, error) {
	h.last = r.URL.Host
	return nil, io.ErrUnexpectedEOF
}

func TestKindsOfEndpoints(t *testing.T) {
	nobody(t)
	for _, c := range []struct {
		config Config
		env    string // "true" for both kinds
		want   string
	}{
		{Config{}, "", "dynamodb.us-east-2.amazonaws.com"},
		{Config{FIPS: aws.Bool(true)}, "", "dynamodb-fips.us-east-2.amazonaws.com"},
		{Config{DualStack: aws.Bool(true)}, "", "dynamodb.us-east-2.api.aws"},
		{Config{DualStack: aws.Bool(false)}, "true", "dynamodb-fips.us-east-2.amazonaws.com"},
		{Config{FIPS: aws.Bool(false)}, "true", "dynamodb.us-east-2.api.aws"},
	} {
		t.Setenv("AWS_USE_FIPS_ENDPOINT", c.env)
		t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", c.env)
		c.config.Region, c.config.AccessKey, c.config.SecretKey, c.config.Retry.Max = "us-east-2", "k", "s", 1
		b, seen := backend(t, c.config), &hosts{}
		if _, err := b.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.base.HTTPClient = seen
		client, err := b.DynamoDB(t.Context(), "us-east-2")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.ListTables(t.Context(), nil); err == nil || seen.last != c.want {
			t.Errorf("called %s, want %s: %v", seen.last, c.want, err)
		}
	}
	if _, err := New(Config{FIPS: aws.Bool(true), Endpoint: "http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "use_fips") {
		t.Errorf("FIPS of another server: %v", err)
	}
}

// TestRetries: a call is tried as often as it is said, or as the environment or the
// profile says.
func TestRetries(t *testing.T) {
	profile := write(t, "config", "[default]\nmax_attempts = 2\nretry_mode = standard\n")
	for _, c := range []struct {
		name, max, mode string // of the environment
		retry           Retry
		files           []string
		want            int
		burst           bool
	}{
		{"said", "", "", Retry{Max: 2, Burst: aws.Bool(true)}, nil, 2, true},
		{"by the environment", "2", "standard", Retry{}, nil, 2, true},
		{"adaptive", "2", "adaptive", Retry{}, nil, 2, false},
		{"by the profile", "", "", Retry{}, []string{profile}, 2, true},
		{"said otherwise", "3", "standard", Retry{Max: 1, Burst: aws.Bool(false)}, []string{profile}, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			nobody(t)
			t.Setenv("AWS_MAX_ATTEMPTS", c.max)
			t.Setenv("AWS_RETRY_MODE", c.mode)
			var n int
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n++
				w.Header().Set("Content-Type", "text/xml")
				w.WriteHeader(http.StatusInternalServerError)
			}))
			t.Cleanup(s.Close)
			b := backend(t, Config{Endpoint: s.URL, Region: "eu-north-1", AccessKey: "k", SecretKey: "s", Retry: c.retry, ConfigFiles: c.files})
			_, _, err := b.Identity(t.Context(), "eu-north-1")
			if n != c.want || !strings.Contains(fmt.Sprint(err), fmt.Sprintf("exceeded maximum number of attempts, %d", c.want)) {
				t.Errorf("%d attempts, want %d: %v", n, c.want, err)
			}
			if b.burst != c.burst {
				t.Errorf("calls go at once: %t, want %t", b.burst, c.burst)
			}
		})
	}
	nobody(t)
	t.Setenv("AWS_RETRY_MODE", "sometimes")
	if got := caller(t.Context(), t, Config{Endpoint: "http://127.0.0.1:1", Region: "eu-north-1"}); !strings.Contains(got, "sometimes") {
		t.Errorf("an unknown mode: %s", got)
	}
}
