package runtime

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// language is what a runtime's functions are written in.
type language struct {
	name     string
	runtimes *regexp.Regexp // its first group is the version
	programs func(version string) []string
	identify func(path string) program
	// args is the command line that serves the function; refusal is why there is
	// none, in the words that follow "Error: ".
	args func(f *Function, t task, p program) (args []string, refusal string)
	// linked is whether the program gets a connection to the environment's API, so that
	// it need not make one: as its file 3, the first behind the standard ones.
	linked bool
	// variables are the language's own.
	variables func(t task, p program) map[string]string
}

// languages are all that are emulated.
var languages = []language{
	{
		name:     "nodejs",
		runtimes: regexp.MustCompile(`^nodejs(\d+)\.x$`),
		programs: func(v string) []string { return []string{"node" + v, "node", "nodejs"} },
		identify: ask("-p", "process.execPath+'\\n'+process.versions.node.split('.')[0]"),
		linked:   true,
		args: func(f *Function, t task, p program) ([]string, string) {
			return []string{p.path, "--max-old-space-size=" + strconv.Itoa(max(64, f.Memory*9/10)), filepath.Join(t.bootstraps, "node.cjs")}, ""
		},
		variables: func(t task, p program) map[string]string {
			return map[string]string{"NODE_PATH": join(present(
				t.opt+"/nodejs/node"+p.version+"/node_modules", t.opt+"/nodejs/node_modules", t.sdk, t.code)...)}
		},
	},
	{
		name:     "python",
		runtimes: regexp.MustCompile(`^python(3\.\d+)$`),
		programs: func(v string) []string { return []string{"python" + v, "python3", "python"} },
		identify: ask("-c", "import sys; print(sys.executable); print('%d.%d' % sys.version_info[:2]); print(sys.prefix); print(sys.base_prefix)"),
		args: func(_ *Function, t task, p program) ([]string, string) {
			return []string{p.path, "-u", filepath.Join(t.bootstraps, "python.py")}, ""
		},
		variables: func(t task, p program) map[string]string {
			return map[string]string{"PYTHONPATH": join(present(
				t.opt+"/python/lib/python"+p.version+"/site-packages", t.opt+"/python", t.sdk)...)}
		},
	},
	{
		name:     "ruby",
		runtimes: regexp.MustCompile(`^ruby(3\.\d+)$`),
		programs: func(v string) []string { return []string{"ruby" + v, "ruby"} },
		identify: ask("-e", `puts RbConfig.ruby, RUBY_VERSION[/\d+\.\d+/], RbConfig::CONFIG["prefix"]`),
		args: func(_ *Function, t task, p program) ([]string, string) {
			return []string{p.path, filepath.Join(t.bootstraps, "ruby.rb")}, ""
		},
		variables: func(t task, p program) map[string]string {
			return map[string]string{
				"RUBYLIB":  join(t.code, t.opt+"/ruby/lib"),
				"GEM_PATH": join(t.code+"/vendor/bundle/ruby/"+p.version+".0", t.opt+"/ruby/gems/"+p.version+".0"),
			}
		},
	},
	{
		name:     "java",
		runtimes: regexp.MustCompile(`^java(\d+)(?:\.al2)?$`),
		programs: func(string) []string { return []string{"java"} },
		identify: askJava,
		args: func(f *Function, t task, p program) ([]string, string) {
			return javaCommand(f.Memory, t, p), ""
		},
	},
	{
		name:     "dotnet",
		runtimes: regexp.MustCompile(`^dotnet(\d+)$`),
		programs: func(string) []string { return []string{"dotnet"} },
		identify: askDotnet,
		args: func(f *Function, t task, p program) ([]string, string) {
			if strings.Contains(f.Handler, "::") {
				return nil, "the handler " + f.Handler + " names a method of a class library, which is not emulated; build an executable assembly and name it as the handler"
			}
			return []string{p.path, "exec", filepath.Join(t.code, strings.TrimSuffix(f.Handler, ".dll")+".dll")}, ""
		},
		variables: func(_ task, p program) map[string]string {
			return map[string]string{"DOTNET_ROOT": filepath.Dir(p.path), "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}
		},
	},
	{
		name:     "provided",
		runtimes: regexp.MustCompile(`^provided\.(al2|al2023)$`),
		args: func(_ *Function, t task, _ program) ([]string, string) {
			path, refusal := bootstrapOf(t)
			return []string{path}, refusal
		},
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

// present leaves out what is empty.
func present(list ...string) []string {
	var there []string
	for _, s := range list {
		if s != "" {
			there = append(there, s)
		}
	}
	return there
}
