package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// runs is how often each whole process is measured; the median is reported.
const runs = 5

// A usage is what one process took.
type usage struct {
	wall, cpu, user time.Duration
	memory          float64 // MB at most
}

// spend runs a program to its end.
func spend(ctx context.Context, dir string, environment []string, name string, args ...string) (usage, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), environment...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	start := time.Now()
	err := c.Run()
	u := usage{wall: time.Since(start)}
	if err != nil {
		return u, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out.String())
	}
	r := c.ProcessState.SysUsage().(*syscall.Rusage)
	u.user = c.ProcessState.UserTime()
	u.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	u.memory = float64(r.Maxrss) / 1024
	return u, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func (b *bench) binary(context.Context) error {
	info, err := os.Stat(filepath.Join(b.root, "bin", "terraform-provider-serverless"))
	if err != nil {
		return err
	}
	b.add("stripped binary", float64(info.Size())/1e6, "MB", 80, "")
	return nil
}

// emulator measures from the start of the process until it says that it answers,
// and its memory at rest.
func (b *bench) emulator(ctx context.Context) error {
	var ready, memory []float64
	for range runs {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		c := exec.CommandContext(ctx, b.bin, "emulator", "run", "-addr", "127.0.0.1:0", "-data-dir", dir)
		out, err := c.StdoutPipe()
		if err != nil {
			return err
		}
		c.Stderr = c.Stdout
		start := time.Now()
		if err := c.Start(); err != nil {
			return err
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			return fmt.Errorf("the emulator ended before it was ready: %w", err)
		}
		ready = append(ready, float64(time.Since(start).Microseconds())/1000)
		if rss, err := statusOf(c.Process.Pid, "VmRSS:"); err == nil {
			memory = append(memory, rss)
		}
		go io.Copy(io.Discard, out) //nolint:errcheck // it only keeps the pipe empty
		if err := c.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		if err := c.Wait(); err != nil {
			return fmt.Errorf("stopping the emulator: %w", err)
		}
		os.RemoveAll(dir)
	}
	b.add("emulator ready after process start", median(ready), "ms", 150, "")
	if len(memory) > 0 {
		b.add("emulator at rest, resident", median(memory), "MB", 60, "")
	}
	return nil
}

// statusOf returns a field of /proc/PID/status that is a size, in MB.
func statusOf(pid int, field string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(status), field)
	if !ok {
		return 0, fmt.Errorf("no %s on %s", field, runtime.GOOS)
	}
	var kb float64
	_, err = fmt.Sscan(rest, &kb)
	return kb / 1024, err
}

// stack copies an example's folder, so that each run begins with nothing.
func (b *bench) stack(name string) (string, error) {
	dir, err := os.MkdirTemp("", "bench-"+name)
	if err != nil {
		return "", err
	}
	return dir, os.CopyFS(dir, os.DirFS(filepath.Join(b.root, "examples", "stacks", name)))
}

// application is a stack of examples, or hello.
func (b *bench) application(name string) (string, error) {
	if name != "hello" {
		return b.stack(name)
	}
	dir, err := os.MkdirTemp("", "bench-hello")
	if err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(hello), 0o600)
}

func (b *bench) demo(ctx context.Context) error {
	var apply, plan, destroy, memory []float64
	for range runs {
		dir, err := b.stack("notes")
		if err != nil {
			return err
		}
		os.RemoveAll(filepath.Join(dir, ".serverless"))
		for _, step := range []struct {
			to   *[]float64
			args []string
		}{
			{&apply, []string{"apply", "-auto-approve"}},
			{&plan, []string{"plan", "-detailed-exitcode"}},
			{&destroy, []string{"destroy", "-auto-approve"}},
		} {
			u, err := spend(ctx, dir, nil, b.bin, step.args...)
			if err != nil {
				return err
			}
			*step.to = append(*step.to, u.wall.Seconds()*1000)
			memory = append(memory, u.memory)
		}
		if _, err := spend(ctx, dir, nil, b.bin, "emulator", "stop"); err != nil {
			return err
		}
		os.RemoveAll(dir)
	}
	b.add("demo: apply, the emulator's start included", median(apply), "ms", 2000, "")
	b.add("demo: second plan", median(plan), "ms", 300, "")
	b.add("demo: destroy", median(destroy), "ms", 1000, "")
	b.add("demo: memory of the engine with the provider", slices.Max(memory), "MB", 0, "")
	return nil
}

// hello is a function that does nothing, so that what is around it is measured.
const hello = `
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} }
}

resource "serverless_function" "hello" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => ({ statusCode: 404 });" } }
}

resource "serverless_http_api" "hello" {
  name = "hello"
}

resource "serverless_route" "hello" {
  api      = serverless_http_api.hello.id
  route    = "$default"
  function = serverless_function.hello.target_arn
}

output "url" {
  value = serverless_http_api.hello.url
}
`

// warm measures calls through the HTTP route: of a node function that does
// nothing, and of the notes stacks, each of whose calls reads the table.
func (b *bench) warm(ctx context.Context) error {
	for _, s := range []struct {
		name, what string
		limit      float64
	}{
		{"hello", "node, does nothing", 3},
		{"notes", "Go, reads the table", 0},
		{"notes-node", "node, reads the table", 0},
		{"notes-python", "python, reads the table", 0},
	} {
		name := s.name
		dir, err := b.application(name)
		if err != nil {
			return err
		}
		if _, err := spend(ctx, dir, nil, b.bin, "apply", "-auto-approve"); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", name, err)
			continue
		}
		err = b.calls(ctx, s.what, dir, s.limit)
		if _, end := spend(ctx, dir, nil, b.bin, "destroy", "-auto-approve"); err == nil {
			err = end
		}
		if _, end := spend(ctx, dir, nil, b.bin, "emulator", "stop"); err == nil {
			err = end
		}
		if err != nil {
			return err
		}
		os.RemoveAll(dir)
	}
	return nil
}

func (b *bench) calls(ctx context.Context, name, dir string, limit float64) error {
	url, err := exec.CommandContext(ctx, b.bin, "-chdir="+dir, "output", "-raw", "url").Output()
	if err != nil {
		return fmt.Errorf("reading the URL of %s: %w", name, err)
	}
	base := strings.TrimRight(string(url), "/\n")
	get := func(path string) (float64, int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return 0, 0, err
		}
		start := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return float64(time.Since(start).Microseconds()) / 1000, resp.StatusCode, err
	}
	first, status, err := get("/notes/none")
	if err != nil {
		return err
	}
	if status != http.StatusNotFound {
		fmt.Fprintf(os.Stderr, "bench: %s is left out: its function answers %d (is its AWS SDK installed?)\n", name, status)
		return nil
	}
	var times []float64
	for range 300 {
		ms, _, err := get("/notes/none")
		if err != nil {
			return err
		}
		times = append(times, ms)
	}
	b.add("first call through the route: "+name, first, "ms", 0, "")
	b.add("warm call through the route, median: "+name, median(times), "ms", limit, "")
	return nil
}
