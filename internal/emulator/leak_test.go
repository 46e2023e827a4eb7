package emulator_test

import (
	"net/http"
	"os"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// An emulator that is closed leaves no goroutine, no open file and no folder. It
// is not parallel, because others open files too.
func TestNothingIsLeft(t *testing.T) {
	python(t)
	t.Setenv("TMPDIR", t.TempDir())
	use := func() {
		e, err := emulator.New(emulator.Config{})
		if err != nil {
			t.Fatal(err)
		}
		d := deploy(t, config(e))
		if _, err := lambda.NewFromConfig(d.c).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &d.function}); err != nil {
			t.Fatal(err)
		}
		resp, err := http.Get(urlOf(t, e) + "/_aws/health")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}
	use() // what is made once for all
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	use()
	until(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	until(t, "files are closed", func() bool { return openFiles(t) <= files })
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// openFiles counts this process's open files; 0 where the system does not tell.
func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("the system does not tell which files are open")
	}
	return len(all)
}
