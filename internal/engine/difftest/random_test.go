package difftest

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"
)

// A program is a made-up configuration: resources, each of which may refer to
// those before it, data sources that look some of them up, and outputs.
type program []block

type block struct {
	name       string
	keys       int // instances; 0 is one without a key
	each       bool
	kind, size int // another kind replaces, another size updates
	refs       []string
	waits      []string // depends_on
	cbd        bool
	data       bool // others refer to what a data source says of it
	shown      bool // an output has its ids
}

// ids is what others see of the block.
func (b block) ids() string {
	if b.keys > 0 {
		return "join(\",\", [for t in test_thing." + b.name + " : t.id])"
	}
	return "test_thing." + b.name + ".id"
}

func (b block) instances() []string {
	if b.keys == 0 {
		return []string{b.name + "-" + fmt.Sprint(b.kind)}
	}
	var out []string
	for i := range b.keys {
		out = append(out, fmt.Sprintf("%s-%d-%d", b.name, b.kind, i))
	}
	return out
}

// text is the block; all are those that it may refer to.
func (b block) text(all map[string]block) string {
	var s strings.Builder
	fmt.Fprintf(&s, "resource \"test_thing\" %q {\n", b.name)
	name := fmt.Sprintf("%s-%d", b.name, b.kind)
	switch {
	case b.keys > 0 && b.each:
		fmt.Fprintf(&s, "  for_each = toset([for i in range(%d) : tostring(i)])\n", b.keys)
		name += "-${each.key}"
	case b.keys > 0:
		fmt.Fprintf(&s, "  count = %d\n", b.keys)
		name += "-${count.index}"
	}
	fmt.Fprintf(&s, "  name = %q\n  kind = \"k%d\"\n  size = %d\n", name, b.kind, b.size)
	if len(b.refs) > 0 {
		s.WriteString("  tags = {\n")
		for _, r := range b.refs {
			value := all[r].ids()
			if all[r].data {
				value = "data.test_lookup." + r + ".value"
			}
			fmt.Fprintf(&s, "    %s = %s\n", r, value)
		}
		s.WriteString("  }\n")
	}
	if len(b.waits) > 0 {
		fmt.Fprintf(&s, "  depends_on = [test_thing.%s]\n", strings.Join(b.waits, ", test_thing."))
	}
	if b.cbd {
		s.WriteString("  lifecycle { create_before_destroy = true }\n")
	}
	s.WriteString("}\n")
	if b.data {
		fmt.Fprintf(&s, "data \"test_lookup\" %q {\n  key = %s\n}\n", b.name, b.ids())
	}
	if b.shown {
		fmt.Fprintf(&s, "output %q {\n  value = %s\n}\n", b.name, b.ids())
	}
	return s.String()
}

func (p program) text() string {
	var s strings.Builder
	for _, b := range p {
		s.WriteString(b.text(p.blocks()))
	}
	return s.String()
}

func (p program) blocks() map[string]block {
	out := map[string]block{}
	for _, b := range p {
		out[b.name] = b
	}
	return out
}

func (p program) instances() []string {
	var out []string
	for _, b := range p {
		out = append(out, b.instances()...)
	}
	slices.Sort(out)
	return out
}

// needs are, by instance, those that must be there before it.
func (p program) needs() map[string][]string {
	blocks, out := p.blocks(), map[string][]string{}
	for _, b := range p {
		for _, i := range b.instances() {
			for _, r := range slices.Concat(b.refs, b.waits) {
				out[i] = append(out[i], blocks[r].instances()...)
			}
		}
	}
	return out
}

// drawProgram makes up a program or, with a block of the same name before, an
// edit of one.
func drawProgram(t *rapid.T, before program) program {
	had := before.blocks()
	var out program
	var names []string
	for i := range 5 {
		name := fmt.Sprintf("r%d", i)
		if rapid.IntRange(0, 3).Draw(t, "leave out") == 0 {
			continue
		}
		b, ok := had[name]
		if !ok || rapid.Bool().Draw(t, "edit") {
			b = block{
				name: name, keys: max(0, rapid.IntRange(-2, 3).Draw(t, "keys")), each: b.each,
				kind: rapid.IntRange(0, 1).Draw(t, "kind"), size: rapid.IntRange(0, 1).Draw(t, "size"), cbd: rapid.IntRange(0, 3).Draw(t, "cbd") == 0,
			}
			if !ok {
				b.each = rapid.Bool().Draw(t, "each")
			} else if (had[name].keys == 0) != (b.keys == 0) {
				b.keys = had[name].keys // the object would move to another address
			}
		}
		b.data, b.shown = rapid.IntRange(0, 3).Draw(t, "data") == 0, rapid.IntRange(0, 3).Draw(t, "shown") == 0
		b.refs, b.waits = nil, nil
		for _, other := range names {
			switch rapid.IntRange(0, 5).Draw(t, "needs") {
			case 0, 1:
				b.refs = append(b.refs, other)
			case 2:
				b.waits = append(b.waits, other)
			}
		}
		out, names = append(out, b), append(names, name)
	}
	return out
}

// drawFlag makes up a flag for an apply that comes before the one without flags, or
// none.
func drawFlag(t *rapid.T, p program) string {
	kind := rapid.SampledFrom([]string{"", "", "", "-refresh=false", "-target=", "-target=", "-exclude=", "-replace=", "-replace="}).Draw(t, "flag")
	if !strings.HasSuffix(kind, "=") {
		return kind
	}
	if len(p) == 0 {
		return ""
	}
	b := rapid.SampledFrom(p).Draw(t, "of")
	address := "test_thing." + b.name
	if b.keys > 0 && (kind == "-replace=" || rapid.Bool().Draw(t, "one")) {
		key := rapid.IntRange(0, b.keys-1).Draw(t, "key")
		if address += fmt.Sprintf("[%d]", key); b.each {
			address = fmt.Sprintf("test_thing.%s[\"%d\"]", b.name, key)
		}
	}
	return kind + address
}

// TestRandom makes up configurations and edits, and demands that each apply
// leaves exactly what is wanted, in an order that the dependencies allow, and
// nothing to do. With -peers or -update terraform, where it is on PATH, has to do
// the same.
func TestRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program many times; left out by -short")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	table := readSummaries(t, "ours.txt")
	rapid.Check(t, func(rt *rapid.T) {
		var steps []program
		r := row{name: "random", set: map[string]string{"order": "*", "slow": "*"}}
		var last program
		// terraform has no -exclude, and tofu destroys what an excluded object is still
		// built on. With -target, it forgets which order those ask for that are left aside,
		// and stores outputs with gaps for the instances that are.
		alone := false
		for i := range rapid.IntRange(1, 3).Draw(rt, "steps") {
			last = drawProgram(rt, last)
			steps = append(steps, last)
			r.files = append(r.files, txtar.File{Name: fmt.Sprintf("@%d/main.tf", i), Data: []byte("# step\n" + last.text())})
			r.commands = append(r.commands, fmt.Sprintf("files %d", i))
			if flag := drawFlag(rt, last); flag != "" {
				r.commands = append(r.commands, "apply "+flag)
				first := slices.ContainsFunc(last, func(b block) bool { return b.cbd })
				alone = alone || strings.HasPrefix(flag, "-exclude") || strings.HasPrefix(flag, "-target") && (first || strings.Contains(flag, "["))
			}
			r.commands = append(r.commands, "apply", "plan -detailed-exitcode")
		}
		r.commands = append(r.commands, "apply -destroy")
		got := carryOut(t, r, ours, self, asOurs)
		if text := wrong(steps, got); text != "" {
			rt.Fatalf("%s\n%s\n%s", text, txtar.Format(&txtar.Archive{Files: r.files}), got)
		}
		terraform := locate("terraform")
		if !*peers && !*update || terraform == "" || alone {
			return
		}
		want := carryOut(t, r, "terraform", terraform)
		if strings.Contains(want, "error: Cycle\n") {
			return // it gives up where a chain is replaced in both orders and changed at once
		}
		if diff := compare(unordered(want), unordered(got), table); diff != "" {
			rt.Fatalf("(-terraform +ours)\n%s\n%s", diff, txtar.Format(&txtar.Archive{Files: r.files}))
		}
	})
}

// ofData are dependencies on data sources, which terraform keeps in the state for a
// while after they are gone. They order nothing.
var ofData = regexp.MustCompile(`"data\.test_lookup\.r\d"(,|(\]))`)

// unordered leaves out the order, which may be any that the dependencies allow.
func unordered(text string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(ofData.ReplaceAllString(text, "$2"), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "apply: in order: ")
	}), "\n")
}

// wrong says what is wrong with what was observed.
func wrong(steps []program, got string) string {
	sections := slices.DeleteFunc(strings.Split(got, "== ")[1:], func(s string) bool { // some are not to do all
		head, _, _ := strings.Cut(s, "\n")
		return strings.Contains(head, ": apply -") && !strings.Contains(head, "-destroy")
	})
	for i, p := range steps {
		applied, again := sections[2*i], sections[2*i+1]
		if !strings.Contains(applied, "apply: exit 0\n") {
			return fmt.Sprintf("apply %d failed", i)
		}
		if !strings.Contains(again, "plan: exit 0\n") {
			return fmt.Sprintf("after apply %d something is left to do", i)
		}
		if have := stored(applied); !slices.Equal(have, p.instances()) {
			return fmt.Sprintf("apply %d left %s, want %s", i, have, p.instances())
		}
		if text := disorder(applied, p); text != "" {
			return fmt.Sprintf("apply %d: %s", i, text)
		}
	}
	if end := sections[len(sections)-1]; strings.TrimSpace(strings.TrimPrefix(end, "in the end")) != "" {
		return "in the end there is still " + end
	}
	return ""
}

// stored are the names of the objects in the state.
func stored(section string) []string {
	names := map[string]bool{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "state test_thing.") {
			continue
		}
		_, rest, _ := strings.Cut(line, `"name":"`)
		name, _, _ := strings.Cut(rest, `"`)
		if names[name] || strings.Contains(line, `"deposed"`) {
			name += " twice"
		}
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// disorder finds an object that was made or changed before what it needs.
func disorder(section string, p program) string {
	_, rest, ok := strings.Cut(section, "apply: in order: ")
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(rest, "\n")
	begun, ended := map[string]int{}, map[string]int{}
	for i, event := range strings.Split(line, ", ") {
		op, name, _ := strings.Cut(event, " ")
		switch op {
		case "create", "update":
			begun[name] = i
			ended[name] = i // unless its end comes later
		case "end":
			if _, ok := begun[name]; ok {
				ended[name] = i
			}
		}
	}
	for name, needs := range p.needs() {
		at, ok := begun[name]
		if !ok {
			continue
		}
		for _, need := range needs {
			if end, ok := ended[need]; ok && end > at {
				return fmt.Sprintf("%s began before %s was ready: %s", name, need, line)
			}
		}
	}
	return ""
}
