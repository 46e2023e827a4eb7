package lambda

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

// Functions find the AWS SDK in the cache, and first of all in their package.
func TestSDK(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for name, files := range map[string]map[string]string{
		"nodejs": {
			"node_modules/@aws-sdk/x/package.json": `{"name":"@aws-sdk/x","main":"i.js"}`,
			"node_modules/@aws-sdk/x/i.js":         `exports.from = "cache"`,
		},
		"python": {"boto3/__init__.py": "origin = 'cache'"},
	} {
		dir, err := runtime.SDKDir(name)
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range files {
			path := filepath.Join(dir, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	const (
		required = `const x = require("@aws-sdk/x"); exports.handler = async () => x.from`
		imported = `import x from "@aws-sdk/x"; export const handler = async () => x.from`
		boto     = "import boto3\ndef handler(e, c):\n  return boto3.origin"
	)
	tests := []struct {
		name    string
		runtime types.Runtime
		files   map[string]string
		want    string
	}{
		{"require", node, map[string]string{"index.js": required}, `"cache"`},
		{"import", node, map[string]string{"index.mjs": imported}, `"cache"`},
		{"require from the package", node, map[string]string{"index.js": required, "node_modules/@aws-sdk/x/index.js": `exports.from = "package"`}, `"package"`},
		{"import from the package", node, map[string]string{"index.mjs": imported, "node_modules/@aws-sdk/x/index.js": `exports.from = "package"`}, `"package"`},
		{"python", python, map[string]string{"index.py": boto}, `"cache"`},
		{"python from the package", python, map[string]string{"index.py": boto, "boto3.py": "origin = 'package'"}, `"package"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, clock.Real)
			w.create(t, tt.runtime, "index.handler", tt.files, nil)
			if out := w.call(t, `1`); string(out.Payload) != tt.want {
				t.Errorf("got %s, want %s", out.Payload, tt.want)
			}
		})
	}
}
