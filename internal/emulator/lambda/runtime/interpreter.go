package runtime

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// program is an installed interpreter.
type program struct {
	path    string
	version string
	homes   string // folders with its libraries, as a list of PATH's kind
}

// Emulated reports whether there are functions of that runtime here, where its
// interpreter is installed.
func Emulated(runtimeID string) bool {
	_, _, ok := languageOf(runtimeID)
	return ok
}

// Interpreter returns the path of the program that runs functions of that runtime;
// empty for the provided runtimes, whose functions are programs themselves. The
// error says which program is looked for, or that the runtime is not emulated.
func Interpreter(runtimeID string) (path string, err error) {
	p, err := interpreter(runtimeID)
	return p.path, err
}

// interpreter prefers the version that the runtime names, then what comes first.
func interpreter(runtimeID string) (program, error) {
	l, version, ok := languageOf(runtimeID)
	if !ok {
		return program{}, fmt.Errorf("the runtime %s is not emulated; nodejs*, python3.*, ruby3.*, java*, dotnet*, provided.al2 and provided.al2023 are", runtimeID)
	}
	if l.programs == nil {
		return program{}, nil
	}
	var other program
	names := l.programs(version)
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		p := known(path, l.identify)
		if p.version == version {
			return p, nil
		}
		if other == (program{}) {
			other = p
		}
	}
	if other == (program{}) {
		return program{}, fmt.Errorf("the runtime %s needs one of the programs %s, and none of them is on PATH; install it, or choose another runtime", runtimeID, strings.Join(names, ", "))
	}
	return other, nil
}

// identified are programs that have been asked, by path and time of change: asking
// takes as long as a cold start, and a shim without its program longer.
var identified sync.Map

// known identifies a program once; the zero program is one that does not say.
func known(path string, identify func(path string) program) program {
	s, err := os.Stat(path)
	if err != nil {
		return program{}
	}
	key := fmt.Sprint(path, s.ModTime())
	if p, ok := identified.Load(key); ok {
		return p.(program)
	}
	p := identify(path)
	identified.Store(key, p)
	return p
}

// ask returns what a program says of itself: lines with its true path, its version
// and its folders. A path may be a shim that needs variables which functions do not
// have.
func ask(args ...string) func(path string) program {
	return func(path string) program {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, path, args...).Output()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || len(lines) < 2 {
			return program{}
		}
		p := program{path: lines[0], version: lines[1]}
		p.homes = join(append(lines[2:], filepath.Dir(filepath.Dir(p.path)))...)
		return p
	}
}

var javaVersion = regexp.MustCompile(`(?m)^JAVA_VERSION="(?:1\.)?(\d+)`)

// askJava reads the file that describes a Java runtime: starting one to ask it
// takes far longer.
func askJava(path string) program {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return program{}
	}
	home := filepath.Dir(filepath.Dir(real))
	release, err := os.ReadFile(filepath.Join(home, "release"))
	if m := javaVersion.FindSubmatch(release); err == nil && m != nil {
		return program{real, string(m[1]), home}
	}
	return program{real, "unknown", home}
}

// askDotnet takes any version: the assembly's own configuration chooses one of those
// that are installed.
func askDotnet(path string) program {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return program{}
	}
	return program{real, "unknown", filepath.Dir(real)}
}
