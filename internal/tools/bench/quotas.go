package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A published limit of AWS, for what the refresh of functions and routes calls.
type limit struct{ rate, burst float64 }

var limits = map[string]limit{
	"apigateway":             {10, 40},
	"lambda GetFunction":     {100, 100},
	"lambda GetPolicy":       {15, 15},
	"lambda":                 {15, 15},
	"logs DescribeLogGroups": {10, 10},
}

// limited names the limit that a request falls under; "" for none.
func limited(r *http.Request) string {
	parts := strings.Split(r.Header.Get("Authorization"), "/")
	if len(parts) < 4 {
		return ""
	}
	switch service := parts[3]; {
	case service == "apigateway":
		return service
	case service == "logs" && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeLogGroups"):
		return "logs DescribeLogGroups"
	case service != "lambda":
		return ""
	case strings.HasSuffix(r.URL.Path, "/policy"):
		return "lambda GetPolicy"
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/") && strings.Count(r.URL.Path, "/") == 3:
		return "lambda GetFunction"
	}
	return "lambda"
}

// counting passes requests on to a server and counts those that a limit is on.
type counting struct {
	*httptest.Server
	mu    sync.Mutex
	calls map[string]int
}

func count(to *url.URL) *counting {
	c := &counting{calls: map[string]int{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l := limited(r); l != "" {
			c.mu.Lock()
			c.calls[l]++
			c.mu.Unlock()
		}
		proxy.ServeHTTP(w, r)
	}))
	return c
}

// allowed is how long AWS needs to let all the counted calls through.
func (c *counting) allowed() time.Duration {
	longest := 0.0
	for name, n := range c.calls {
		longest = max(longest, (float64(n)-limits[name].burst)/limits[name].rate)
	}
	return time.Duration(longest * float64(time.Second))
}

const largeStack = `
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}
provider "serverless" {
  region     = "eu-north-1"
  endpoint   = %q
  access_key = %q
  secret_key = %q
  retry      = { mode = %q }
}
resource "serverless_http_api" "shop" {
  name = "shop"
}
resource "serverless_function" "f" {
  count   = 100
  name    = "f${count.index}"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
}
resource "serverless_route" "r" {
  count    = 300
  api      = serverless_http_api.shop.id
  route    = "GET /r${count.index}"
  function = serverless_function.f[count.index %% 100].target_arn
}
`

// quotas refreshes a stack of 300 routes and 100 functions on an emulator that keeps
// AWS's quotas, and compares with what they allow for the calls that it makes.
func (b *bench) quotas(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-quotas")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// run runs a command of the engine with the emulator of the folder, and returns
	// how long it took and how long AWS would have it take.
	run := func(mode string, moods []string, args ...string) (took, allowed time.Duration, calls map[string]int, err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		e := exec.CommandContext(ctx, b.bin, append([]string{"emulator", "run", "-data-dir", filepath.Join(dir, "emulator")}, moods...)...)
		e.Cancel = func() error { return e.Process.Signal(os.Interrupt) }
		says, err := e.StderrPipe()
		if err != nil {
			return 0, 0, nil, err
		}
		if err := e.Start(); err != nil {
			return 0, 0, nil, err
		}
		defer func() { cancel(); _ = e.Wait() }()
		if line, err := bufio.NewReader(says).ReadString('\n'); err != nil { // that it is ready
			return 0, 0, nil, fmt.Errorf("starting the emulator: %s %w", line, err)
		}
		env, err := exec.CommandContext(ctx, b.bin, "emulator", "env", "-region", "eu-north-1", "-data-dir", filepath.Join(dir, "emulator")).Output()
		if err != nil {
			return 0, 0, nil, fmt.Errorf("asking for the emulator's address: %w", err)
		}
		vars := map[string]string{}
		for _, m := range regexp.MustCompile(`export (\w+)='([^']*)'`).FindAllStringSubmatch(string(env), -1) {
			vars[m[1]] = m[2]
		}
		to, err := url.Parse(vars["AWS_ENDPOINT_URL"])
		if err != nil {
			return 0, 0, nil, err
		}
		c := count(to)
		defer c.Close()
		config := fmt.Sprintf(largeStack, c.URL, vars["AWS_ACCESS_KEY_ID"], vars["AWS_SECRET_ACCESS_KEY"], mode)
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
			return 0, 0, nil, err
		}
		u, err := spend(ctx, dir, nil, b.bin, args...)
		return u.wall, c.allowed(), maps.Clone(c.calls), err
	}
	if _, _, _, err := run("standard", nil, "apply", "-auto-approve"); err != nil {
		return err
	}
	took, allowed, calls, err := run("adaptive", []string{"-quotas"}, "plan", "-detailed-exitcode", "-parallelism=50")
	if err != nil {
		return err
	}
	least := counting{calls: maps.Clone(calls)}
	least.calls["lambda GetPolicy"] = min(calls["lambda GetPolicy"], 100) // once for each function
	b.add("quotas: refresh of 300 routes and 100 functions, to what AWS's quotas allow", took.Seconds()/allowed.Seconds(), "×", 1.3,
		fmt.Sprintf("%.1f s for %v", took.Seconds(), calls))
	b.add("quotas: the same, to what they allow if each policy were read once", took.Seconds()/least.allowed().Seconds(), "×", 1.3, "")
	return nil
}
