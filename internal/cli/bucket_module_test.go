package cli

import (
	"archive/zip"
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestModulesInBucket fetches modules from a bucket as an archive, as one version of
// it, and as a folder, by the addresses that the other tools know.
func TestModulesInBucket(t *testing.T) {
	t.Parallel()
	url, env := bucket(t)
	put := func(key string, content []byte) (version string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url+"/states"+key, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", key, resp.Status)
		}
		return resp.Header.Get("X-Amz-Version-Id")
	}
	archive := func(says string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range []string{"main.tf", "sub/main.tf"} {
			w, err := z.Create(name)
			if err == nil {
				_, err = w.Write([]byte(`output "says" { value = "` + says + " " + name + `" }`))
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
	put("?versioning", []byte(`<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`))
	first := put("/modules/m.zip", archive("first"))
	put("/modules/m.zip", archive("second"))
	put("/modules/plain/main.tf", []byte(`output "says" { value = "plain" }`))
	put("/modules/plain/more/x.tf", []byte(`output "x" { value = 1 }`))

	f := newFolder(t, "", env...)
	calls := func(sources map[string]string) string {
		text := ""
		for name, source := range sources {
			text += "module \"" + name + "\" { source = \"" + source + "\" }\noutput \"" + name + "\" { value = module." + name + ".says }\n"
		}
		return text
	}
	f.write("main.tf", calls(map[string]string{
		"newest": "s3::https://s3.amazonaws.com/states/modules/m.zip", // the environment says where that is
		"older":  "s3::https://s3-us-east-1.amazonaws.com/states/modules/m.zip?version=" + first,
		"sub":    "s3::https://states.s3.us-east-1.amazonaws.com/modules/m.zip//sub",
		"folder": "s3::" + url + "/states/modules/plain?region=us-east-1",
	}))
	f.run(name, "init")
	f.run(name, "apply", "-auto-approve")
	for output, want := range map[string]string{"newest": "second main.tf", "older": "first main.tf", "sub": "second sub/main.tf", "folder": "plain"} {
		if got := f.run(name, "output", "-raw", output); got != want {
			t.Errorf("%s: got %q, want %q", output, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(f.dir, ".terraform", "modules", "folder", "more", "x.tf")); err != nil {
		t.Error(err)
	}
	for _, peer := range peers() {
		if strings.HasSuffix(peer, "terraform") { // takes what we fetched for what it would have fetched
			f.run(peer, "init", "-no-color")
		}
	}

	f.write("main.tf", calls(map[string]string{"none": "s3::https://s3.amazonaws.com/states/modules/none.zip"}))
	f.refused("reading modules/none.zip of the bucket states", "init")
	f.write("main.tf", calls(map[string]string{"none": "s3::https://s3.amazonaws.com/states/none"}))
	f.refused("has neither an archive nor objects below none/", "init")
	f.write("main.tf", calls(map[string]string{"none": "s3::https://s3.amazonaws.com/nowhere/m.zip"}))
	f.refused("NoSuchBucket", "init")
}
