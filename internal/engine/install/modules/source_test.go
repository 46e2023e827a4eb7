package modules

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"hashicorp/consul/aws":                                          "registry.terraform.io/hashicorp/consul/aws",
		"hashicorp/consul/aws//modules/x/":                              "registry.terraform.io/hashicorp/consul/aws//modules/x",
		"app.example.com/a/b/c":                                         "app.example.com/a/b/c",
		"localhost:8080/a/b/c":                                          "localhost:8080/a/b/c",
		"github.com/hashicorp/example":                                  "git::https://github.com/hashicorp/example.git",
		"github.com/hashicorp/example//sub?ref=v1":                      "git::https://github.com/hashicorp/example.git//sub?ref=v1",
		"github.com/hashicorp/example/sub":                              "git::https://github.com/hashicorp/example.git//sub",
		"bitbucket.org/a/b":                                             "git::https://bitbucket.org/a/b.git",
		"git@github.com:hashicorp/example.git":                          "git::ssh://git@github.com/hashicorp/example.git",
		"git::ssh://user@example.com:2222/x.git?depth=1":                "git::ssh://user@example.com:2222/x.git?depth=1",
		"git::https://example.com/x.git//a/b?ref=v1":                    "git::https://example.com/x.git//a/b?ref=v1",
		"https://example.com/x.git":                                     "git::https://example.com/x.git",
		"https://example.com/x.zip//a":                                  "https://example.com/x.zip//a",
		"https://example.com/x?archive=tar.gz":                          "https://example.com/x?archive=tar.gz",
		"https://example.com/x//*?archive=tar.gz&token=a":               "https://example.com/x//*?token=a&archive=tar.gz",
		"s3::https://s3.amazonaws.com/b/k.zip":                          "s3::https://s3.amazonaws.com/b/k.zip",
		"s3::https://s3-eu-west-1.amazonaws.com/b/k.zip//sub?version=v": "s3::https://s3-eu-west-1.amazonaws.com/b/k.zip//sub?version=v",
		"b.s3.amazonaws.com/k.tar.gz":                                   "s3::https://b.s3.amazonaws.com/k.tar.gz",
		"s3::http://127.0.0.1:9000/b/k?archive=zip":                     "s3::http://127.0.0.1:9000/b/k?archive=zip",
		"/opt/modules/x":                                                "/opt/modules/x",
		"file:///opt/modules/x":                                         "/opt/modules/x",
	} {
		got, err := parse(text)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
			continue
		}
		if again, err := parse(got.String()); err != nil || again != got {
			t.Errorf("%s: read again it is %+v, %v, want %+v", got, again, err, got)
		}
	}
	for text, want := range map[string]string{
		"":                               "is empty",
		"consul":                         "neither a local path",
		"a/b/c/d/e":                      "neither a local path",
		"s3::https://s3.amazonaws.com/b": "names no bucket and object",
		"s3::https://s3.amazonaws.com/b/k?archive=rar": `of the kind "rar"`,
		"gcs::https://x":       "Google Cloud Storage",
		"hg::https://x":        "Mercurial",
		"oci://example.com/x":  "OCI repository",
		"ftp::https://x":       `"ftp::" is no known way`,
		"ftp://example.com/x":  `by the scheme "ftp"`,
		"git::ext::sh -c evil": "neither a local path",
		"git::ext://sh":        `git cannot be asked to use "ext"`,
		"git::https://example.com/x.git?ref=--upload-pack=evil": "is no branch, tag or commit",
		"git::https://example.com/x.git?depth=x":                "is no number of commits",
		"git::https://example.com/x.git?sshkey=x":               "sshkey of the query is not supported",
		"git::https://example.com/x.git//../y":                  "outside of the package",
		"https://example.com/x?archive=rar":                     `of the kind "rar"`,
		"https://example.com/x.zip?checksum=md5:x":              "checksum of the query is not supported",
		"https://exa mple.com/x":                                "it is no URL",
		"github.com/hashicorp":                                  "OWNER/NAME",
	} {
		if got, err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestSafe(t *testing.T) {
	t.Parallel()
	s, err := parse("git::https://me:secret@example.com/x.git?ref=v1")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.safe(); got != "git::https://me:xxxxx@example.com/x.git?ref=v1" {
		t.Errorf("got %s", got)
	}
	if got := clean("fatal: cannot reach https://me:secret@example.com\n", s.url); strings.Contains(got, "secret") {
		t.Errorf("got %s", got)
	}
}
