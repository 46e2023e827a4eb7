package lock

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// As terraform 1.11.4 wrote it.
const file = `# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/null" {
  version     = "1.0.0"
  constraints = "~> 1.0.0"
  hashes = [
    "h1:hRJQHmpBK+xSI7WEv+4o5MreRED7nmzrkPBjMKHRa6Q=",
    "zh:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ]
}

provider "registry.terraform.io/hashicorp/random" {
  version = "1.0.0"
  hashes = [
    "h1:w9TkJr2clYJAh30ywogQmiBT+KVZXSsts/APxrVdEgI=",
  ]
}
`

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	if got, diags := Read(path); len(got) != 0 || diags != nil {
		t.Errorf("no file: got %v, %v", got, diags)
	}
	f, diags := parse([]byte(file), path)
	if diags != nil {
		t.Fatal(diags)
	}
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != file {
		t.Errorf("got %s, %v", got, err)
	}
	again, diags := Read(path)
	if diags != nil || !again.Equal(f) {
		t.Errorf("got %v, %v", again, diags)
	}
	changed := f.Clone()
	for _, s := range changed {
		s.Add("h1:new", "h1:new")
	}
	if changed.Equal(f) || !again.Equal(f) {
		t.Errorf("a copy shares its hashes")
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBad(t *testing.T) {
	t.Parallel()
	const good = `provider "registry.terraform.io/a/b" { version = "1.0.0" }` + "\n"
	for text, want := range map[string]string{
		`provider "a/b" { version = "1.0.0" }`:    "not the full address",
		`provider "registry.terraform.io/a/b" {}`: `"version" is required`,
		good + good: "two blocks",
		`provider "registry.terraform.io/a/b" { version=1 }`:                          "must be a string",
		`provider "registry.terraform.io/a/b" { version="x" }`:                        "is none",
		"provider \"registry.terraform.io/a/b\" {\nversion=\"1.0.0\"\nhashes=[1]\n}":  "must be a list of strings",
		"provider \"registry.terraform.io/a/b\" {\nversion=\"1.0.0\"\nhashes=null\n}": "must be a list of strings",
		"provider \"registry.terraform.io/a/b\" {\nversion=\"1.0.0\"\nhash=[]\n}":     `"hash" is not expected`,
		`module "x" {}`: "Only providers can be locked",
		`provider "`:    "",
	} {
		_, diags := parse([]byte(text), "f")
		if !diags.HasErrors() || !strings.Contains(diags.Error(), want) || diags[0].Subject == nil {
			t.Errorf("%s: got %v, want %s with its place", text, diags, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"", ""},
		{"1", "1.0.0"},
		{"= 1.2.3", "1.2.3"},
		{"~> 2", "~> 2.0"},
		{"~>2.1.0-beta1", "~> 2.1.0-beta1"},
		{"~> 1, >= 1.0.0, <= 1.0.0, 1.0, != 2.0", ">= 1.0.0, 1.0.0, ~> 1.0, <= 1.0.0, != 2.0.0"},
		{">= 2.0, >= 2.0.0", ">= 2.0.0"},
		{"> 1.0, < 1.0", "> 1.0.0, < 1.0.0"},
	} {
		if got, err := Canonical(c[0]); err != nil || got != c[1] {
			t.Errorf("%q: got %q, %v, want %q", c[0], got, err, c[1])
		}
	}
	if _, err := Canonical("latest"); err == nil || !strings.Contains(err.Error(), `"latest" is not a version constraint`) {
		t.Errorf("got %v", err)
	}
}
