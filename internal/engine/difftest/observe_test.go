package difftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	headline = regexp.MustCompile(`(?m)^[╷│\s]*(Error|Warning): (.*)$`)
	deposed  = regexp.MustCompile(`"deposed":"[0-9a-f]{8}"`)
	circle   = regexp.MustCompile(`Cycle: .*`)
	colors   = regexp.MustCompile("\x1b\\[[0-9;]*m")
	random   = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

func decodeJSON(raw string) any {
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		return "not JSON: " + raw
	}
	return out
}

// summaries are those of the diagnostics in a text.
func summaries(text string) string {
	var out []string
	for _, m := range headline.FindAllStringSubmatch(colors.ReplaceAllString(text, ""), -1) {
		out = append(out, strings.ToLower(m[1])+": "+strings.TrimSpace(m[2])+"\n")
	}
	return sortedLines(out)
}

// summariesJSON are those of a log of JSON lines. What comes before the log
// begins is text.
func summariesJSON(stdout, stderr string) string {
	var out []string
	for line := range strings.Lines(stdout) {
		var m struct {
			Type       string
			Diagnostic struct{ Severity, Summary string }
		}
		if json.Unmarshal([]byte(line), &m) == nil && m.Type == "diagnostic" {
			out = append(out, m.Diagnostic.Severity+": "+circle.ReplaceAllString(m.Diagnostic.Summary, "Cycle")+"\n")
		}
	}
	return sortedLines(out) + summaries(stderr)
}

// foundJSON are the lines of a log that tell of lists.
func foundJSON(stdout string) string {
	var out []string
	for line := range strings.Lines(stdout) {
		doc, _ := decodeJSON(line).(map[string]any)
		for kind, about := range doc {
			if strings.HasPrefix(kind, "list_") {
				out = append(out, kind+" "+compact(about)+"\n")
			}
		}
	}
	return sortedLines(out)
}

func summariesValidate(stdout string) string {
	var doc struct {
		Valid       bool
		Diagnostics []struct{ Severity, Summary string }
	}
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		return err.Error() + "\n"
	}
	var out []string
	for _, d := range doc.Diagnostics {
		out = append(out, d.Severity+": "+circle.ReplaceAllString(d.Summary, "Cycle")+"\n")
	}
	return fmt.Sprintf("valid: %v\n", doc.Valid) + sortedLines(out)
}

func sortedLines(lines []string) string {
	slices.Sort(lines)
	lines = slices.Compact(lines) // how often something is said is not compared
	return strings.Join(lines, "")
}

// normalJSON is a document without what may differ.
func normalJSON(raw string) string {
	doc := decodeJSON(raw)
	if m, ok := doc.(map[string]any); ok {
		delete(m, "terraform_version")
		delete(m, "timestamp")
	}
	return compact(doc)
}

// compact is v as JSON on one line, without null members.
func compact(v any) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(prune(v)); err != nil {
		return err.Error()
	}
	return normalText(strings.TrimSpace(out.String()))
}

// normalText hides what is random, and which registry is the default one.
func normalText(s string) string {
	return strings.ReplaceAll(deposed.ReplaceAllString(random.ReplaceAllString(s, "UUID"), `"deposed":"KEY"`), "registry.opentofu.org", "registry.terraform.io")
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e != nil {
				out[k] = prune(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = prune(e)
		}
		return out
	}
	return v
}

func describePlan(raw string) string {
	doc, ok := decodeJSON(raw).(map[string]any)
	if !ok {
		return raw
	}
	var lines []string
	for _, kind := range []string{"resource_changes", "resource_drift"} {
		list, _ := doc[kind].([]any)
		for _, c := range list {
			lines = append(lines, describeChange(strings.TrimPrefix(kind, "resource_"), c.(map[string]any)))
		}
	}
	if outputs, ok := doc["output_changes"].(map[string]any); ok {
		for name, c := range outputs {
			c := c.(map[string]any)
			lines = append(lines, fmt.Sprintf("output %s %s %s\n", name, actions(c), rest(c, "actions")))
		}
	}
	if variables, ok := doc["variables"].(map[string]any); ok {
		for name, v := range variables {
			value := v.(map[string]any)["value"]
			if _, complex := value.([]any); !complex {
				value = fmt.Sprint(value) // terraform has them as they were given
			}
			lines = append(lines, fmt.Sprintf("variable %s %s\n", name, compact(value)))
		}
	}
	for _, i := range list(doc["action_invocations"]) {
		lines = append(lines, "invocation "+compact(i)+"\n")
	}
	for _, c := range list(doc["checks"]) {
		lines = append(lines, "check "+describeCheck(c)+"\n")
	}
	return sortedLines(lines)
}

func list(v any) []any { l, _ := v.([]any); return l }

func actions(c map[string]any) string {
	var out []string
	for _, a := range list(c["actions"]) {
		out = append(out, fmt.Sprint(a))
	}
	return strings.Join(out, "-")
}

func describeChange(kind string, c map[string]any) string {
	change := c["change"].(map[string]any)
	about := maps.Clone(c)
	for _, k := range []string{"address", "module_address", "mode", "type", "name", "index", "provider_name", "change"} {
		delete(about, k)
	}
	line := fmt.Sprintf("%s %s %s", strings.TrimSuffix(kind, "s"), c["address"], actions(change))
	if len(about) > 0 {
		line += " " + compact(about)
	}
	if actions(change) == "no-op" {
		// What it is like is in the state.
		change = map[string]any{"importing": change["importing"]}
		if change["importing"] == nil {
			return line + "\n"
		}
	}
	return line + " " + rest(change, "actions") + "\n"
}

// rest is an object without some members and without what says nothing.
func rest(m map[string]any, without ...string) string {
	out := maps.Clone(m)
	for k, v := range out {
		if slices.Contains(without, k) || v == nil || v == false {
			delete(out, k)
			continue
		}
		if k == "after_unknown" || k == "before_sensitive" || k == "after_sensitive" {
			if v = onlyTrue(v); v == nil {
				delete(out, k)
			} else {
				out[k] = v
			}
		}
	}
	return compact(out)
}

// onlyTrue is a tree of marks without what has none.
func onlyTrue(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return true
		}
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e = onlyTrue(e); e != nil {
				out[k] = e
			}
		}
		if len(out) > 0 {
			return out
		}
	case []any:
		out, some := make([]any, len(v)), false
		for i, e := range v {
			out[i] = onlyTrue(e)
			some = some || out[i] != nil
		}
		if some {
			return out
		}
	}
	return nil
}

func describeCheck(c any) string {
	m, _ := c.(map[string]any)
	address := m["address"]
	if a, ok := address.(map[string]any); ok {
		address = a["to_display"]
	}
	line := fmt.Sprintf("%v %v", address, m["status"])
	var instances []string
	for _, i := range list(m["instances"]) {
		i := i.(map[string]any)
		a, _ := i["address"].(map[string]any)
		instances = append(instances, fmt.Sprintf(" [%v %v %s]", a["to_display"], i["status"], compact(i["problems"])))
	}
	return line + sortedLines(instances)
}

// describeState describes a state file of a workspace.
func describeState(workspace string, raw []byte) string {
	doc, ok := decodeJSON(string(raw)).(map[string]any)
	if !ok {
		return string(raw)
	}
	prefix := "state"
	if workspace != "." {
		prefix += " " + workspace
	}
	var lines []string
	for _, r := range list(doc["resources"]) {
		r := r.(map[string]any)
		for _, i := range list(r["instances"]) {
			lines = append(lines, prefix+" "+describeInstance(r, i.(map[string]any))+"\n")
		}
	}
	if outputs, ok := doc["outputs"].(map[string]any); ok {
		for name, o := range outputs {
			lines = append(lines, fmt.Sprintf("%s output %s %s\n", prefix, name, compact(o)))
		}
	}
	for _, c := range list(doc["check_results"]) {
		if c, ok := c.(map[string]any); ok { // terraform writes them as they come
			slices.SortFunc(list(c["objects"]), func(a, b any) int { return strings.Compare(compact(a), compact(b)) })
		}
		lines = append(lines, prefix+" check "+compact(c)+"\n")
	}
	return sortedLines(lines)
}

func describeInstance(r, i map[string]any) string {
	address := fmt.Sprintf("%v.%v", r["type"], r["name"])
	if r["mode"] == "data" {
		address = "data." + address
	}
	if m, ok := r["module"].(string); ok {
		address = m + "." + address
	}
	switch key := i["index_key"].(type) {
	case string:
		address += fmt.Sprintf("[%q]", key)
	case json.Number:
		address += "[" + key.String() + "]"
	}
	out := maps.Clone(i)
	delete(out, "index_key")
	if out["deposed"] != nil {
		delete(out, "create_before_destroy") // terraform forgets it when deleting fails
	}
	if out["identity"] == nil {
		delete(out, "identity_schema_version") // terraform writes it for types without identity, too
	}
	if deps := list(out["dependencies"]); len(deps) > 0 { // of ephemeral resources, which leave nothing, we say nothing
		out["dependencies"] = slices.DeleteFunc(slices.Clone(deps), func(d any) bool { return strings.Contains(fmt.Sprint(d), "ephemeral.") })
		if len(list(out["dependencies"])) == 0 {
			delete(out, "dependencies")
		}
	}
	if paths := list(out["sensitive_attributes"]); len(paths) > 0 {
		slices.SortFunc(paths, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	} else {
		delete(out, "sensitive_attributes")
	}
	if provider, ok := out["provider"]; ok {
		r["provider"] = provider // where tofu puts it
		delete(out, "provider")
	}
	if normalText(fmt.Sprint(r["provider"])) != `provider["registry.terraform.io/hashicorp/test"]` {
		out["provider"] = r["provider"]
	}
	return address + " " + compact(out)
}
