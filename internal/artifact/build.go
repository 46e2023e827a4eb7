package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Build makes a package's files from the sources in a folder by running
// programs, directly and never through a shell. [Go], [NPM], [Pip] and [Esbuild]
// give the usual ones.
type Build struct {
	// Steps are run one after the other in the source's folder; each is a program
	// and its arguments, in which Out stands for the folder that is packaged.
	Steps [][]string
	// Env are variables beside those that this process has.
	Env map[string]string
	// Output is what is packaged, relative to the source's folder: a folder or a
	// file. Empty for what the steps put into Out.
	Output string
	// Inputs are globs of the files, relative to the source's folder, that decide
	// whether to build again; empty for all files but Output, what is excluded
	// from the source, and Ignored, in the same syntax.
	Inputs, Ignored []string
	// Root is a folder above the source's one whose files count as inputs too,
	// such as that of a Go module; empty for none.
	Root string
	// Copied says that the sources are part of the package: the steps run in a
	// copy of them, which is the package.
	Copied bool
}

// Out stands in the arguments of a [Build] for the folder that is packaged.
const Out = "{out}"

// Key tells sources apart like [Contents.Digest], but does not build: it is made
// of what decides the outcome of a build, so that equal keys need no second one.
// It is the same on every machine.
func Key(s Source) (string, error) {
	if s.Build == nil {
		c, err := Inspect(s)
		return c.Digest, err
	}
	b := s.Build
	sum := sha256.New()
	line := func(name, value string) { fmt.Fprintf(sum, "%s %d %s\n", name, len(value), value) }
	for _, step := range b.Steps {
		line("step", fmt.Sprint(len(step)))
		for _, a := range step {
			line("argument", a)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Env)) {
		line("variable", name+"="+b.Env[name])
	}
	line("output", b.Output)
	line("copied", fmt.Sprint(b.Copied))
	for _, glob := range s.Include { // of what was built, too
		line("include", glob)
	}
	for _, glob := range s.Exclude {
		line("exclude", glob)
	}
	inputs := Source{Dir: s.Dir, Include: b.Inputs, Exclude: slices.Concat(b.Ignored, s.Exclude)}
	if out := strings.Trim(filepath.ToSlash(filepath.Clean(b.Output)), "/"); b.Output != "" && out != "." {
		inputs.Exclude = append(inputs.Exclude, "/"+out)
	}
	if b.Root != "" {
		inputs.Dir = b.Root
		at, err := filepath.Rel(b.Root, s.Dir)
		if err != nil {
			return "", fmt.Errorf("finding %s in %s: %w", s.Dir, b.Root, err)
		}
		line("at", filepath.ToSlash(at))
	}
	c, err := Inspect(inputs)
	if errors.Is(err, errEmpty) {
		return "", fmt.Errorf("no file in %s is an input of the build; correct inputs, or the path", inputs.Dir)
	}
	if err != nil {
		return "", err
	}
	line("inputs", c.Digest)
	return "build:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// Make returns the source of the package itself: s, or what its build made, which
// it carries out. The caller calls done when it has read it.
func Make(ctx context.Context, s Source) (made Source, done func(), err error) {
	if s.Build == nil {
		return s, func() {}, nil
	}
	out, err := os.MkdirTemp("", "serverless-build-")
	if err != nil {
		return s, nil, fmt.Errorf("making a folder to build in: %w", err)
	}
	done = func() { _ = os.RemoveAll(out) } // what is left is in the system's folder for such files
	if made, err = s.Build.carryOut(ctx, s, out); err != nil {
		done()
		return s, nil, err
	}
	return made, done, nil
}

// building serializes builds in one folder: most tools write beside the sources.
var building sync.Map // absolute path -> *sync.Mutex

func (b *Build) carryOut(ctx context.Context, s Source, out string) (Source, error) {
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return s, fmt.Errorf("finding the folder %s: %w", s.Dir, err)
	}
	if b.Output != "" && !filepath.IsLocal(b.Output) {
		return s, fmt.Errorf("the output %q of the build is not inside %s; name a path below it", b.Output, s.Dir)
	}
	made := Source{Dir: out, Exclude: s.Exclude}
	if b.Copied {
		if err := copyTo(out, Source{Dir: s.Dir, Include: s.Include, Exclude: slices.Concat(b.Ignored, s.Exclude)}); err != nil {
			return s, err
		}
		dir = out
	} else {
		mu, _ := building.LoadOrStore(dir, &sync.Mutex{})
		mu.(*sync.Mutex).Lock()
		defer mu.(*sync.Mutex).Unlock()
	}
	for _, step := range b.Steps {
		if err := b.run(ctx, step, dir, out); err != nil {
			return s, err
		}
	}
	if b.Output == "" {
		return made, nil
	}
	made.Dir = filepath.Join(dir, b.Output)
	info, err := os.Stat(made.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, fmt.Errorf("the build made no %s; correct output, or the command", filepath.Join(s.Dir, b.Output))
	case err != nil:
		return s, fmt.Errorf("looking at what the build made: %w", err)
	case !info.IsDir():
		return Source{File: made.Dir}, nil
	}
	made.Include, made.Exclude = s.Include, s.Exclude
	return made, nil
}

// run runs one step. Its output is shown only when it fails.
func (b *Build) run(ctx context.Context, step []string, dir, out string) error {
	args := make([]string, len(step))
	for i, a := range step {
		args[i] = strings.ReplaceAll(a, Out, out)
	}
	program := args[0]
	if strings.ContainsRune(program, '/') && !filepath.IsAbs(program) {
		program = filepath.Join(dir, program)
	}
	c := exec.CommandContext(ctx, program, args[1:]...)
	c.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TF_") { // how Terraform speaks with its plugins, and variables' values
			c.Env = append(c.Env, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Env)) {
		c.Env = append(c.Env, name+"="+strings.ReplaceAll(b.Env[name], Out, out))
	}
	said := &tail{}
	c.Stdout, c.Stderr = said, said
	c.WaitDelay = 5 * time.Second
	alone(c)
	err := c.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no program %s to build %s with; install it, or build before planning and leave build out", step[0], dir)
	case ctx.Err() != nil:
		return fmt.Errorf("building in %s by %s: %w", dir, step[0], context.Cause(ctx))
	}
	return fmt.Errorf("building in %s by %q: %w\n%s", dir, strings.Join(step, " "), err, said)
}

// A tail keeps the end of what is written to it.
type tail struct{ b bytes.Buffer }

const mostTold = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b.Write(p)
	if over := t.b.Len() - mostTold; over > 0 {
		t.b.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(strings.ToValidUTF8(t.b.String(), "")) }

// copyTo copies a source's files into a folder. Executables stay executable.
func copyTo(dir string, s Source) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("copying to %s: %w", dir, err)
	}
	defer root.Close()
	return eachInDir(s, func(name string, r io.Reader) error {
		if err := checkName(name); err != nil {
			return err
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("copying %s: %w", name, err)
		}
		mode := fs.FileMode(0o644)
		if f, ok := r.(*os.File); ok {
			if info, err := f.Stat(); err == nil {
				mode = info.Mode().Perm()
			}
		}
		w, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
		if err != nil {
			return fmt.Errorf("copying %s: %w", name, err)
		}
		_, err = io.Copy(w, r)
		if err := errors.Join(err, w.Close()); err != nil {
			return fmt.Errorf("copying %s: %w", name, err)
		}
		return nil
	})
}
