package examples_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

// TestAccModules runs the tests of each module, which need nothing but the engine,
// and applies the stacks that use it.
func TestAccModules(t *testing.T) {
	if _, err := runtime.Interpreter("nodejs22.x"); err != nil {
		t.Skipf("%v", err)
	}
	for _, dir := range examples(t, "modules") {
		each(t, dir, engines(t), func(t *testing.T, w *work) {
			w.modules()
			if out := w.run("test", "-no-color"); !strings.Contains(out, "Success!") {
				t.Errorf("%s test says\n%s", w.engine.name, out)
			}
		})
		for stack, use := range map[string]func(*work){"hello": (*work).hello, "guestbook": (*work).guestbook} {
			t.Run(stack, func(t *testing.T) {
				each(t, dir, engines(t), func(t *testing.T, w *work) {
					if stack == "guestbook" {
						needs(t, "stacks/notes-node") // the same
					}
					w.dir = filepath.Join(w.dir, "examples", stack)
					w.modules()
					w.life(func() { use(w) })
				})
			})
		}
	}
}

// modules installs the modules that a configuration calls. The provider is there.
func (w *work) modules() {
	w.Helper()
	w.run("get", "-no-color")
}

// says demands an answer of the deployed API.
func (w *work) says(method, path, want string) {
	w.Helper()
	url := strings.TrimSpace(w.run("output", "-raw", "url"))
	req, err := http.NewRequestWithContext(w.Context(), method, url+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || string(got) != want {
		w.Errorf("%s %s: %d %s, want %s: %v", method, path, resp.StatusCode, got, want, err)
	}
}

func (w *work) hello() {
	w.says(http.MethodGet, "/hello", "Hello, world")
	w.says(http.MethodGet, "/goodbye?name=Ann", "Goodbye, Ann")
}

func (w *work) guestbook() {
	w.says(http.MethodPost, "/guests/ann", `{"guest":"ann","visits":1}`)
	w.says(http.MethodPost, "/guests/ann", `{"guest":"ann","visits":2}`)
}
