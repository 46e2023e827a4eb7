// Command demo does what a user does with a stack, from nothing to nothing: it
// applies examples/stacks/notes on the emulator, calls the URL that the stack
// puts out, plans again and destroys. It runs the built binary and must not know
// its packages.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

const stack = "examples/stacks/notes"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	bin, err := filepath.Abs("bin/tfserverless")
	if err != nil {
		return err
	}
	tf := func(args ...string) error {
		fmt.Printf("\n$ tfserverless %s\n", strings.Join(args, " "))
		return command(ctx, bin, os.Stdout, args...).Run()
	}
	if err := tf("-chdir="+stack, "apply", "-auto-approve"); err != nil {
		return fmt.Errorf("applying: %w", err)
	}
	// Whatever happens from here on, leave nothing behind.
	defer func() {
		ctx = context.WithoutCancel(ctx)
		err = errors.Join(err,
			tf("-chdir="+stack, "destroy", "-auto-approve"),
			tf("emulator", "stop", "-data-dir", stack+"/.serverless"))
	}()

	var url bytes.Buffer
	if err := command(ctx, bin, &url, "-chdir="+stack, "output", "-raw", "url").Run(); err != nil {
		return fmt.Errorf("reading the output url: %w", err)
	}
	base := strings.TrimRight(url.String(), "/\n")
	if err := call(ctx, http.MethodPost, base+"/notes", `{"id":"1","text":"hello"}`, http.StatusCreated); err != nil {
		return err
	}
	if err := call(ctx, http.MethodGet, base+"/notes/1", "", http.StatusOK); err != nil {
		return err
	}
	if err := tf("-chdir="+stack, "plan", "-detailed-exitcode"); err != nil {
		return fmt.Errorf("the second plan is not empty: %w", err)
	}
	return nil
}

// command runs the binary so that an interrupt reaches it as it would a user's.
func command(ctx context.Context, bin string, out io.Writer, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, bin, args...)
	c.Stdout, c.Stderr = out, os.Stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	return c
}

func call(ctx context.Context, method, url, body string, want int) error {
	fmt.Printf("\n$ curl -X %s %s -d '%s'\n", method, url, body)
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	fmt.Printf("%s  %s  (%.1f ms)\n", resp.Status, got, float64(time.Since(start).Microseconds())/1000)
	if resp.StatusCode != want {
		return fmt.Errorf("%s %s answered %s, want %d", method, url, resp.Status, want)
	}
	return nil
}
