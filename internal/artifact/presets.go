package artifact

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// goarch are Go's names of Lambda's processors.
var goarch = map[string]string{"x86_64": "amd64", "arm64": "arm64"}

// Go builds a main package below dir into the executable bootstrap, for Linux on
// a processor that Lambda calls architecture. Everything in the module's folder
// but tests counts as input, since packages import each other there.
func Go(dir, pkg, architecture string, tags []string) (*Build, error) {
	root, err := moduleOf(dir)
	if err != nil {
		return nil, err
	}
	if pkg == "" {
		pkg = "."
	}
	arguments := []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="}
	if len(tags) > 0 {
		arguments = append(arguments, "-tags", strings.Join(tags, ","))
	}
	return &Build{
		Steps:   [][]string{append(arguments, "-o", Out+"/bootstrap", pkg)},
		Env:     map[string]string{"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": goarch[architecture]},
		Ignored: []string{"*_test.go", "node_modules/"},
		Root:    root,
	}, nil
}

// moduleOf returns the folder of the Go module that dir is in.
func moduleOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the folder %s: %w", dir, err)
	}
	for at, name := abs, dir; ; at, name = filepath.Dir(at), filepath.Join(name, "..") {
		if info, err := os.Stat(filepath.Join(at, "go.mod")); err == nil && info.Mode().IsRegular() {
			return filepath.Clean(name), nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is in no Go module: there is no go.mod in it or above; make one by go mod init", dir)
		}
	}
}

// NPM installs what package-lock.json of a folder names, beside a copy of its
// sources, and runs one of the scripts of its package.json if one is given; what
// that writes into output is the package then.
func NPM(script, output string) *Build {
	if script == "" {
		return &Build{Steps: [][]string{{"npm", "ci", "--omit=dev", "--no-audit", "--no-fund"}}, Copied: true, Ignored: modules}
	}
	return &Build{
		Steps:   [][]string{{"npm", "ci", "--no-audit", "--no-fund"}, {"npm", "run", "--silent", script}},
		Output:  output,
		Copied:  true,
		Ignored: modules,
	}
}

// modules is where npm keeps what package-lock.json names: that file counts.
var modules = []string{"node_modules/"}

// Pip installs what a requirements file of a folder names, as wheels for Lambda
// and not for this machine, beside a copy of its sources. The runtime is Lambda's
// name, such as "python3.13".
func Pip(requirements, runtime, architecture string) (*Build, error) {
	version, ok := strings.CutPrefix(runtime, "python")
	if !ok {
		return nil, fmt.Errorf("pip builds for python runtimes, not for %q; set runtime, or leave pip out", runtime)
	}
	if requirements == "" {
		requirements = "requirements.txt"
	}
	machine := map[string]string{"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
	step := []string{"python3", "-m", "pip", "install", "--requirement", requirements, "--target", Out,
		"--only-binary=:all:", "--implementation", "cp", "--python-version", version,
		"--no-compile", "--no-input", "--disable-pip-version-check", "--quiet"}
	// The newer systems of Lambda run wheels for newer libraries too.
	for _, libc := range []string{"manylinux_2_28", "manylinux2014", "manylinux_2_17"} {
		step = append(step, "--platform", libc+"_"+machine)
	}
	return &Build{Steps: [][]string{step}, Copied: true}, nil
}

// Esbuild bundles the module entry of a folder into one file index.mjs, for the
// node of a runtime such as "nodejs22.x". The folder's own esbuild counts over the
// one on PATH.
func Esbuild(dir, entry, runtime string, external []string, minify bool) (*Build, error) {
	version, ok := strings.CutPrefix(runtime, "nodejs")
	if !ok {
		return nil, fmt.Errorf("esbuild builds for nodejs runtimes, not for %q; set runtime, or leave esbuild out", runtime)
	}
	if !filepath.IsLocal(entry) {
		return nil, fmt.Errorf("the entry %q is not inside %s; name a file below it", entry, dir)
	}
	program := "esbuild"
	const own = "node_modules/.bin/esbuild"
	if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(own))); err == nil {
		program = own
	}
	step := []string{program, entry, "--bundle", "--platform=node", "--format=esm", "--log-level=warning",
		"--target=node" + strings.TrimSuffix(version, ".x"), "--outfile=" + Out + "/index.mjs",
		// Bundled modules of the older kind ask for require, which a module of the
		// newer kind does not have.
		"--banner:js=import{createRequire as serverlessRequire}from'node:module';const require=serverlessRequire(import.meta.url);"}
	for _, e := range external {
		step = append(step, "--external:"+e)
	}
	if minify {
		step = append(step, "--minify")
	}
	return &Build{Steps: [][]string{step}, Ignored: modules}, nil
}
