// Package addr names the things that a configuration declares and a state
// records: providers, modules, resources and their instances. All addresses are
// small comparable values with one canonical text.
//
// It must not know how any of these are configured, evaluated or stored, and it
// imports nothing of ours.
package addr

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Module is the path of a module in the configuration, without instance keys:
// "" for the root, else "module.a.module.b".
type Module string

// Child is the address of the module called name in m.
func (m Module) Child(name string) Module {
	return Module(join(string(m), "module."+name))
}

// Parent is the module that m is called in, and the name of the call. m must not
// be the root.
func (m Module) Parent() (Module, string) {
	i := strings.LastIndex(string(m), "module.")
	return m[:max(i-1, 0)], string(m[i+len("module."):])
}

// Within tells that m is outer or inside of it.
func (m Module) Within(outer Module) bool {
	rest, ok := strings.CutPrefix(string(m), string(outer))
	return ok && (outer == "" || rest == "" || rest[0] == '.')
}

// ModuleInstance is the path of one instance of a module: "" for the root, else
// for example `module.a[0].module.b["x"]`.
type ModuleInstance string

// Child is the instance with that key (nil for none) of the module called name
// inside m.
func (m ModuleInstance) Child(name string, key Key) ModuleInstance {
	return ModuleInstance(join(string(m), "module."+name+KeyString(key)))
}

// Mode says what kind of thing a block stands for.
type Mode byte

// The modes of resources. Only the first two are ever in a state.
const (
	Managed   Mode = iota
	Data           // only read
	Ephemeral      // open while a run needs it, and then closed
	Action         // invoked
	List           // finds objects
)

// String is "managed", "data", "ephemeral", "action" or "list": the first two
// are the words of the state file.
func (m Mode) String() string {
	return [...]string{"managed", "data", "ephemeral", "action", "list"}[m]
}

// Resource is a resource as its own module names it: `aws_x.name`, or with the
// word of another mode, `data.aws_x.name`.
type Resource struct {
	Mode Mode
	Type string
	Name string
}

// String is the text by which expressions of the same module refer to r.
func (r Resource) String() string {
	if r.Mode == Managed {
		return r.Type + "." + r.Name
	}
	return r.Mode.String() + "." + r.Type + "." + r.Name
}

// In is the resource r of the module m.
func (r Resource) In(m Module) ConfigResource { return ConfigResource{Module: m, Resource: r} }

// ConfigResource is a resource block of a configuration: every instance of every
// instance of its module.
type ConfigResource struct {
	Module   Module
	Resource Resource
}

// String is for example "module.a.aws_x.name".
func (r ConfigResource) String() string { return join(string(r.Module), r.Resource.String()) }

// Instance is one object that a resource stands for. Key is nil for a resource
// with neither count nor for_each.
type Instance struct {
	Module   ModuleInstance
	Resource Resource
	Key      Key
}

// String is for example `module.a[0].aws_x.name["k"]`.
func (i Instance) String() string {
	return join(string(i.Module), i.Resource.String()+KeyString(i.Key))
}

// Of is the resource that i is an instance of.
func (i Instance) Of() ModuleResource {
	return ModuleResource{Module: i.Module, Resource: i.Resource}
}

// Config is the resource block that i is an instance of.
func (i Instance) Config() ConfigResource {
	return ConfigResource{Module: i.Module.Config(), Resource: i.Resource}
}

// Config is the module of the configuration that m is an instance of.
func (m ModuleInstance) Config() Module {
	if strings.IndexByte(string(m), '[') < 0 {
		return Module(m)
	}
	var b strings.Builder
	for i := 0; i < len(m); i++ {
		if m[i] == '[' {
			i = closing(m, i)
			continue
		}
		b.WriteByte(m[i])
	}
	return Module(b.String())
}

// Parent is the module instance that m is called in, with the name of the call
// and the key among its instances. m must not be the root.
func (m ModuleInstance) Parent() (ModuleInstance, string, Key) {
	start, last := 0, moduleStep{}
	m.walk(func(at int, st moduleStep) { start, last = at, st })
	return m[:max(start-1, 0)], last.name, last.key
}

// walk calls f for each step of m, with its place in the text.
func (m ModuleInstance) walk(f func(at int, st moduleStep)) {
	for start := 0; start < len(m); {
		name := start + len("module.")
		end := name
		for end < len(m) && m[end] != '.' && m[end] != '[' {
			end++
		}
		next := end
		if end < len(m) && m[end] == '[' {
			next = closing(m, end) + 1
		}
		f(start, moduleStep{name: string(m[name:end]), key: keyIn(string(m[end:next]))})
		start = next + 1
	}
}

// steps are those of m, from the root on.
func (m ModuleInstance) steps() []moduleStep {
	var out []moduleStep
	m.walk(func(_ int, st moduleStep) { out = append(out, st) })
	return out
}

// depth is the number of calls from the root to m.
func (m Module) depth() int { return len(ModuleInstance(m).steps()) }

// closing is where the index that opens at i ends. Keys are quoted, and so may
// contain brackets.
func closing(m ModuleInstance, i int) int {
	quoted := false
	for i++; i < len(m); i++ {
		switch m[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ']':
			if !quoted {
				return i
			}
		}
	}
	panic(fmt.Sprintf("addr: malformed module instance %q", string(m))) // only ParseModuleInstance and Child make them
}

// keyIn is the key of an index such as `[0]`; nil for none.
func keyIn(index string) Key {
	if index == "" {
		return nil
	}
	t, err := parseTraversal("x" + index)
	if err == nil && len(t) == 2 {
		if step, ok := t[1].(hcl.TraverseIndex); ok {
			if key, err := KeyOf(step.Key); err == nil {
				return key
			}
		}
	}
	panic(fmt.Sprintf("addr: malformed index %q", index))
}

// Resource is the resource r of the module instance m.
func (m ModuleInstance) Resource(r Resource) ModuleResource {
	return ModuleResource{Module: m, Resource: r}
}

// ModuleResource is a resource of one instance of its module: all instances of
// the resource there.
type ModuleResource struct {
	Module   ModuleInstance
	Resource Resource
}

// String is for example "module.a[0].aws_x.name".
func (r ModuleResource) String() string { return join(string(r.Module), r.Resource.String()) }

// Config is the resource block behind r.
func (r ModuleResource) Config() ConfigResource {
	return ConfigResource{Module: r.Module.Config(), Resource: r.Resource}
}

// Instance is the instance of r with that key.
func (r ModuleResource) Instance(key Key) Instance {
	return Instance{Module: r.Module, Resource: r.Resource, Key: key}
}

// Compare orders instances as state files and plans list them: by module, mode,
// type, name, then key.
func (i Instance) Compare(j Instance) int {
	if c := strings.Compare(string(i.Module), string(j.Module)); c != 0 {
		return c
	}
	if i.Resource.Mode != j.Resource.Mode {
		return int(j.Resource.Mode) - int(i.Resource.Mode) // data before managed, as their words sort
	}
	if c := strings.Compare(i.Resource.Type, j.Resource.Type); c != 0 {
		return c
	}
	if c := strings.Compare(i.Resource.Name, j.Resource.Name); c != 0 {
		return c
	}
	return CompareKeys(i.Key, j.Key)
}

func join(module, rest string) string {
	if module == "" {
		return rest
	}
	return module + "." + rest
}
