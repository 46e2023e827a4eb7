package encryption

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

func eval(x hcl.Expression, ty cty.Type) (cty.Value, hcl.Diagnostics) {
	v, diags := x.Value(nil)
	if diags.HasErrors() {
		return v, diags
	}
	out, err := convert.Convert(v, ty)
	if err != nil {
		at := x.Range()
		return v, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error(), Subject: &at}}
	}
	return out, nil
}

func read(t *testing.T, text string) (Setup, hcl.Diagnostics) {
	t.Helper()
	body, diags := Parse(text)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return Read([]hcl.Body{body}, eval)
}

const good = `
key_provider "pbkdf2" "k" {
  passphrase = "sixteen characters"
  iterations = 200000
}
method "aes_gcm" "m" { keys = key_provider.pbkdf2.k }
state { method = method.aes_gcm.m }
`

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	s, diags := read(t, good)
	if diags.HasErrors() || s.Plan != nil {
		t.Fatal(diags)
	}
	sealed, err := s.State.Seal([]byte("secret"))
	if err != nil || strings.Contains(string(sealed), "secret") || !Is(sealed) {
		t.Fatalf("got %s, %v", sealed, err)
	}
	// Whoever knows the passphrase reads it, from the salt beside it.
	other, _ := read(t, good)
	plain, err := other.State.Open(sealed)
	if err != nil || string(plain) != "secret" {
		t.Errorf("got %q, %v", plain, err)
	}
	wrong, _ := read(t, strings.Replace(good, "sixteen", "another", 1))
	if _, err := wrong.State.Open(sealed); err == nil || !strings.Contains(err.Error(), "passphrase is not the one") {
		t.Errorf("with another passphrase: %v", err)
	}
	for _, damaged := range []string{
		strings.Replace(string(sealed), `"encrypted_data":"`, `"encrypted_data":"AA`, 1),
		`{"meta":{},"encrypted_data":"","encryption_version":"v0"}`,
		`{"meta":{"key_provider.pbkdf2.k":"e30="},"encrypted_data":"","encryption_version":"v0"}`,
		`{"meta":{},"encrypted_data":"","encryption_version":"v9"}`,
		`{}`, ``, `null`,
	} {
		if plain, err := s.State.Open([]byte(damaged)); err == nil {
			t.Errorf("%s: got %q, want an error", damaged, plain)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ change, to, want string }{
		{`"sixteen characters"`, `"short"`, "The passphrase is too short"},
		{"200000", "1000", "Unsafe number of iterations"},
		{"iterations = 200000", `hash_function = "md5"`, "Unknown hash function"},
		{"iterations = 200000", `key_length = 7`, "Wrong length of keys"},
		{"iterations = 200000", `salt_length = 1000000000000000`, "Wrong length of salts"},
		{"iterations = 200000", `chain = 1`, "Unsupported argument"},
		{`"pbkdf2" "k"`, `"aws_kms" "k"`, "The key provider is not supported"},
		{`method "aes_gcm"`, `method "external"`, "The method is not supported"},
		{"keys = key_provider.pbkdf2.k", "keys = key_provider.pbkdf2.other", "No such key provider"},
		{"state { method = method.aes_gcm.m }", "state { method = method.aes_gcm.other }", "No such method"},
		{"state { method = method.aes_gcm.m }", "state {}", "Missing argument"},
		{"state { method = method.aes_gcm.m }", "method \"unencrypted\" \"u\" {}\nstate {\n  method = method.aes_gcm.m\n  enforced = true\n  fallback {\n    method = method.unencrypted.u\n  }\n}", "Encryption is enforced"},
		{"state {", "remote_state_data_sources {}\nstate {", "Encrypted states of others are not supported"},
	} {
		if !strings.Contains(good, c.change) {
			t.Fatalf("%q is not in the text", c.change)
		}
		_, diags := read(t, strings.Replace(good, c.change, c.to, 1))
		if !diags.HasErrors() || diags[0].Summary != c.want {
			t.Errorf("%s: got %v, want %q", c.to, diags, c.want)
		}
	}
}

// TestEnforced reads an argument that is sensitive, or not known.
func TestEnforced(t *testing.T) {
	t.Parallel()
	text := "method \"unencrypted\" \"u\" {}\nstate {\n  method = method.unencrypted.u\n  enforced = true\n}"
	for _, c := range []struct {
		value cty.Value
		want  string
	}{
		{cty.True.Mark("sensitive"), "Encryption is enforced"},
		{cty.UnknownVal(cty.Bool), "The value is not known yet"},
	} {
		body, diags := Parse(text)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		_, diags = Read([]hcl.Body{body}, func(hcl.Expression, cty.Type) (cty.Value, hcl.Diagnostics) { return c.value, nil })
		if !diags.HasErrors() || diags[0].Summary != c.want {
			t.Errorf("%#v: got %v, want %q", c.value, diags, c.want)
		}
	}
}
