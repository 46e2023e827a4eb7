package runtime

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// language is what a runtime's functions are written in.
type language struct {
	name     string
	runtimes *regexp.Regexp // its first group is the version
	programs func(version string) []string
	ask      []string // arguments that print the program's true path and its version
}

var languages = []language{
	{
		name:     "nodejs",
		runtimes: regexp.MustCompile(`^nodejs(\d+)\.x$`),
		programs: func(v string) []string { return []string{"node" + v, "node", "nodejs"} },
		ask:      []string{"-p", "process.execPath+'\\n'+process.versions.node.split('.')[0]"},
	},
	{
		name:     "python",
		runtimes: regexp.MustCompile(`^python(3\.\d+)$`),
		programs: func(v string) []string { return []string{"python" + v, "python3", "python"} },
		ask:      []string{"-c", "import sys; print(sys.executable); print('%d.%d' % sys.version_info[:2])"},
	},
	{
		name:     "provided",
		runtimes: regexp.MustCompile(`^provided\.(al2|al2023)$`),
	},
}

// languageOf returns the runtime's language and version; ok is false for the
// runtimes that are not emulated.
func languageOf(runtimeID string) (l language, version string, ok bool) {
	for _, l := range languages {
		if m := l.runtimes.FindStringSubmatch(runtimeID); m != nil {
			return l, m[1], true
		}
	}
	return language{}, "", false
}

// program is an installed interpreter.
type program struct{ path, version string }

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
		return program{}, fmt.Errorf("the runtime %s is not emulated; nodejs*, python3.*, provided.al2 and provided.al2023 are", runtimeID)
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
		p := identify(path, l.ask)
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

// known are programs that have been asked, by path and time of change: asking
// takes as long as a cold start, and a shim without its program longer.
var known sync.Map

// identify asks a program which it is; the zero program is one that does not say.
// A path may be a shim that needs variables which functions do not have, so the
// program tells its true path.
func identify(path string, ask []string) program {
	s, err := os.Stat(path)
	if err != nil {
		return program{}
	}
	key := fmt.Sprint(path, s.ModTime())
	if p, ok := known.Load(key); ok {
		return p.(program)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var p program
	out, err := exec.CommandContext(ctx, path, ask...).Output()
	if path, version, ok := strings.Cut(strings.TrimSpace(string(out)), "\n"); ok && err == nil {
		p = program{path, version}
	}
	known.Store(key, p)
	return p
}
